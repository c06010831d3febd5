/** What a client that Prisma 7.10 generated holds of its schema: its `inlineSchema` and `runtimeDataModel`, unchanged. */
const inlineSchema = `generator client {
  provider        = "prisma-client"
  output          = "./gen"
  previewFeatures = ["views"]
}

datasource db {
  provider = "postgresql"
  schemas  = ["public", "other"]
}

/// model Fake { a Int @relation(fields: [a], references: [b]) }
model User {
  id       Int      @id @default(autoincrement()) @map("user_id")
  // written Post[] @relation("Old")
  written  Post[]   @relation("Author")
  reviewed Post[]   @relation("Reviewer")
  friends  User[]   @relation("Friends")
  friendOf User[]   @relation("Friends")
  summary  Summary?

  @@map("users")
  @@schema("other")
}

model Post {
  id         Int     @id
  authorId   Int     @map("author_id")
  reviewerId Int?    @map("reviewer_id")
  author     User    @relation("Author", fields: [authorId], references: [id], onDelete: Cascade, map: "fk_author")
  reviewer   User?   @relation(name: "Reviewer", fields: [reviewerId], references: [id])
  tags       Tag[]
  labels     Label[] @relation("PostLabels")
  parts      Part[]

  @@schema("public")
}

model Tag {
  name  String @id
  posts Post[]

  @@schema("public")
}

model Label {
  name  String @id
  posts Post[] @relation("PostLabels")

  @@schema("public")
}

model Part {
  postId      Int
  number      Int
  post        Post    @relation(fields: [postId], references: [id])
  chapterBook Int     @map("chapter_book")
  chapterNo   Int     @map("chapter_no")
  chapter     Chapter @relation(fields: [chapterBook, chapterNo], references: [book, no])

  @@id([postId, number])
  @@schema("public")
}

model Chapter {
  book  Int
  no    Int
  parts Part[]

  @@id([book, no])
  @@map("chapters")
  @@schema("public")
}

view Summary {
  userId Int  @unique @map("user_id")
  user   User @relation(fields: [userId], references: [id])

  @@map("summary_view")
  @@schema("public")
}
`;

const runtimeDataModel = {
  models: {
    User: {
      fields: [
        { name: "id", kind: "scalar", type: "Int", dbName: "user_id" },
        { name: "written", kind: "object", type: "Post", relationName: "Author" },
        { name: "reviewed", kind: "object", type: "Post", relationName: "Reviewer" },
        { name: "friends", kind: "object", type: "User", relationName: "Friends" },
        { name: "friendOf", kind: "object", type: "User", relationName: "Friends" },
        { name: "summary", kind: "object", type: "Summary", relationName: "SummaryToUser" },
      ],
      dbName: "users",
      schema: "other",
    },
    Post: {
      fields: [
        { name: "id", kind: "scalar", type: "Int" },
        { name: "authorId", kind: "scalar", type: "Int", dbName: "author_id" },
        { name: "reviewerId", kind: "scalar", type: "Int", dbName: "reviewer_id" },
        { name: "author", kind: "object", type: "User", relationName: "Author" },
        { name: "reviewer", kind: "object", type: "User", relationName: "Reviewer" },
        { name: "tags", kind: "object", type: "Tag", relationName: "PostToTag" },
        { name: "labels", kind: "object", type: "Label", relationName: "PostLabels" },
        { name: "parts", kind: "object", type: "Part", relationName: "PartToPost" },
      ],
      dbName: null,
      schema: "public",
    },
    Tag: {
      fields: [
        { name: "name", kind: "scalar", type: "String" },
        { name: "posts", kind: "object", type: "Post", relationName: "PostToTag" },
      ],
      dbName: null,
      schema: "public",
    },
    Label: {
      fields: [
        { name: "name", kind: "scalar", type: "String" },
        { name: "posts", kind: "object", type: "Post", relationName: "PostLabels" },
      ],
      dbName: null,
      schema: "public",
    },
    Part: {
      fields: [
        { name: "postId", kind: "scalar", type: "Int" },
        { name: "number", kind: "scalar", type: "Int" },
        { name: "post", kind: "object", type: "Post", relationName: "PartToPost" },
        { name: "chapterBook", kind: "scalar", type: "Int", dbName: "chapter_book" },
        { name: "chapterNo", kind: "scalar", type: "Int", dbName: "chapter_no" },
        { name: "chapter", kind: "object", type: "Chapter", relationName: "ChapterToPart" },
      ],
      dbName: null,
      schema: "public",
    },
    Chapter: {
      fields: [
        { name: "book", kind: "scalar", type: "Int" },
        { name: "no", kind: "scalar", type: "Int" },
        { name: "parts", kind: "object", type: "Part", relationName: "ChapterToPart" },
      ],
      dbName: "chapters",
      schema: "public",
    },
    Summary: {
      fields: [
        { name: "userId", kind: "scalar", type: "Int", dbName: "user_id" },
        { name: "user", kind: "object", type: "User", relationName: "SummaryToUser" },
      ],
      dbName: "summary_view",
      schema: "public",
    },
  },
  enums: {},
  types: {},
};

/** As `new PrismaClient()` has them. */
export const GENERATED_CLIENT = {
  _runtimeDataModel: runtimeDataModel,
  _engineConfig: { inlineSchema },
};
