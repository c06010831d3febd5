-- Sign-ins: admin@library.test with "the quiet reading room",
-- reader@library.test with "overdue since tuesday".
INSERT INTO "User" (email, name, password, role) VALUES
  ('admin@library.test', 'Ada Shelf', '6c6962726172792d61646d696e2d3031:4b3b498d3ed7d0b35ef88604bcee0bcf0f785a0adccbf5cceb05efec0627ed5a', 'ADMIN'),
  ('reader@library.test', NULL, '6c6962726172792d7265616465722d31:2330f0e76158c7215a67a11d630c9699d298511c353ff679297d7525beddab2d', 'READER');

INSERT INTO "User" (email, name, password, role)
SELECT 'reader' || i || '@library.test', 'Reader ' || i, '', 'READER' FROM generate_series(1, 200) i;

INSERT INTO "Author" (name) SELECT 'Author № ' || i FROM generate_series(1, 80) i;

-- An ISBN is beyond what a JavaScript number of 32 bits holds; one id here is beyond 2^53.
INSERT INTO "Book" (isbn, title, price, details, cover, keywords, "sequelId")
SELECT CASE i WHEN 1 THEN 9223372036854775807 ELSE 9780000000000 + i END,
       'Volume ' || i || CASE WHEN i % 9 = 0 THEN E'\t"tabbed", \\backslashed\nand broken' ELSE '' END,
       (i * 7 % 5000) / 100.0,
       CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN 'null' ELSE jsonb_build_object('pages', i, 'shelf', ARRAY['a', 'ü']) END,
       CASE WHEN i % 3 = 0 THEN decode(md5(i::text) || '00ff', 'hex') END,
       CASE WHEN i % 5 = 0 THEN '{}' ELSE ARRAY['k' || i % 11, 'NULL', ''] END,
       CASE WHEN i % 10 = 2 THEN i - 1 END
FROM generate_series(1, 1500) i;

INSERT INTO "_AuthorToBook"
SELECT 1 + i * 3 % 80, i FROM generate_series(1, 1500) i
UNION SELECT 1 + i * 5 % 80, i FROM generate_series(1, 1500) i;

INSERT INTO "Loan" (id, "bookId", "userId", state, since, due)
SELECT md5(i::text)::uuid::text, 1 + i * 13 % 1500, 1 + i % 202,
       (ARRAY['OUT', 'RETURNED', 'lost for good'])[1 + i % 3]::"LoanState",
       timestamp '2024-03-01 08:00:00.123' + i * interval '7 minutes', date '2024-04-01' + i % 60
FROM generate_series(1, 6000) i;
