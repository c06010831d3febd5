import { JSON_NULL, type TableRows, type Value } from "./copy-rows.ts";
import { drawPicture, type Shape } from "./picture.ts";
import { DAY_MS, decimal, type Random } from "./random.ts";

interface Leaf {
  name: string;
  parent: string;
  items: string[];
  /** Lowest and highest price, in whole euros. */
  euros: [number, number];
  materials: string[];
  shape: Shape;
}

const ROOTS = ["Kitchen", "Living", "Desk", "Textiles", "Garden"];
const MIDDLE: Record<string, string> = { Lighting: "Living" };
const LEAVES: Leaf[] = [
  leaf("Cups & mugs", "Kitchen", ["mug", "espresso cup", "tea bowl"], [9, 34], "cup", "stoneware"),
  leaf(
    "Plates & bowls",
    "Kitchen",
    ["dinner plate", "breakfast plate", "serving bowl"],
    [12, 69],
    "plate",
    "porcelain",
    "stoneware",
  ),
  leaf(
    "Bottles & jars",
    "Kitchen",
    ["carafe", "storage jar", "oil bottle"],
    [14, 59],
    "bottle",
    "glass",
    "cork",
  ),
  leaf(
    "Table lamps",
    "Lighting",
    ["table lamp", "reading lamp"],
    [69, 289],
    "lamp",
    "linen",
    "oak",
    "brass",
  ),
  leaf("Floor lamps", "Lighting", ["floor lamp", "arc lamp"], [149, 549], "lamp", "steel", "linen"),
  leaf("Vases", "Living", ["vase", "bud vase"], [19, 119], "bottle", "glass"),
  leaf("Cushions", "Living", ["cushion", "floor cushion"], [24, 99], "cushion", "wool", "cotton"),
  leaf("Notebooks", "Desk", ["notebook", "sketchbook", "diary"], [8, 32], "book", "paper", "linen"),
  leaf("Trays", "Desk", ["letter tray", "pen tray"], [16, 64], "plate", "oak", "brass"),
  leaf("Blankets", "Textiles", ["throw", "blanket"], [49, 219], "cushion", "wool", "alpaca"),
  leaf(
    "Towels",
    "Textiles",
    ["hand towel", "bath towel", "tea towel"],
    [9, 49],
    "cushion",
    "cotton",
    "linen",
  ),
  leaf("Planters", "Garden", ["planter", "hanging pot"], [15, 139], "leaf", "terracotta", "zinc"),
];
const LINES =
  "Havn Solveig Orla Tide Moss Linde Fjell Brisa Kelp Ember Otto Nora Alba Birk Cala Dune Elm Fern Gro Heath Isla Juno Klint Lumi Mira Nevo Ona Pine Quill Rhea".split(
    " ",
  );
const COLOURS = {
  slate: [84, 97, 110],
  clay: [178, 107, 79],
  moss: [107, 125, 84],
  ochre: [199, 149, 62],
  plum: [115, 76, 99],
  sky: [118, 156, 181],
  sand: [196, 173, 143],
  ink: [52, 60, 84],
} as const;
const GROUNDS = [
  [244, 241, 235],
  [236, 240, 240],
  [243, 238, 240],
] as const;
const TAGS =
  "new|bestseller|handmade|gift|outdoor|organic|recycled|dishwasher-safe|limited|last pieces|small batch|fair trade".split(
    "|",
  );
const SUPPLIERS =
  "Keramik Lindgren|Glashütte Eifel|Nordlys Lamper|Atelier Moreau|Weberei Hohenfels|Papier & Söhne|Cotto Toscano|Oak & Iron|Tessitura Ricci|Lana Andina".split(
    "|",
  );

export interface Product {
  id: number;
  priceCents: number;
  createdAtMs: number;
}

export interface Catalogue {
  tables: TableRows[];
  products: Product[];
}

// biome-ignore lint/complexity/useMaxParams: a record with names would make the table above three times as long.
function leaf(
  name: string,
  parent: string,
  items: string[],
  euros: [number, number],
  shape: Shape,
  ...materials: string[]
): Leaf {
  return { name, parent, items, euros, shape, materials };
}

/** Makes categories, suppliers, and products with their pictures and tags. */
export function createCatalogue(random: Random, productCount: number, startMs: number): Catalogue {
  const { rows: categories, ids: categoryIds } = createCategories();
  const products: Product[] = [];
  const productRows: Value[][] = [];
  const pictures: Value[][] = [];
  const productTags: Value[][] = [];
  const supplierProducts: Value[][] = [];
  const tagIds = TAGS.map((_, index) => index + 1);
  const supplierIds = SUPPLIERS.map((_, index) => index + 1);

  for (let id = 1; id <= productCount; id++) {
    const kind = random.pick(LEAVES);
    const colourName = random.pick(Object.keys(COLOURS) as Array<keyof typeof COLOURS>);
    const item = random.pick(kind.items);
    const priceCents = random.int(kind.euros[0], kind.euros[1]) * 100 - random.pick([0, 5, 10, 50]);
    const createdAtMs = startMs - random.int(1, 300) * DAY_MS + random.int(0, DAY_MS);
    const name = `${random.pick(LINES)} ${item}, ${colourName}`;
    products.push({ id, priceCents, createdAtMs });
    productRows.push([
      id,
      `${kind.parent.slice(0, 3).toUpperCase()}-${String(id).padStart(5, "0")}`,
      name,
      `A ${item} of ${kind.materials.join(" and ")}, made in small numbers.\nCare: see the label; do not use "bleach".`,
      decimal(priceCents),
      kind.name === "Notebooks" ? "0.070" : "0.190",
      4_000_000_000_000n + BigInt(id) * 7_919_113n,
      random.int(5, 900) / 100,
      kind.materials,
      random.chance(0.06)
        ? JSON_NULL
        : { colour: colourName, set: random.chance(0.2) ? random.int(2, 6) : null },
      random.chance(0.95),
      categoryIds.get(kind.name) ?? null,
      random.timestamp(createdAtMs),
    ]);
    const pictureCount = random.chance(0.25) ? 2 : 1;
    for (let position = 1; position <= pictureCount; position++) {
      const content = drawPicture(kind.shape, COLOURS[colourName], random.pick(GROUNDS));
      pictures.push([pictures.length + 1, id, position, content, `${name}, picture ${position}`]);
    }
    for (const tagId of random.sample(tagIds, random.int(0, 3))) productTags.push([id, tagId]);
    for (const supplierId of random.sample(supplierIds, random.int(1, 2))) {
      const cost = (priceCents * random.int(3500, 6200)) / 1_000_000;
      supplierProducts.push([supplierId, id, cost.toFixed(4), random.int(2, 45)]);
    }
  }

  return {
    products,
    tables: [
      { table: "categories", columns: ["id", "slug", "name", "parent_id"], rows: categories },
      { table: "tags", columns: ["id", "name"], rows: TAGS.map((name, i) => [i + 1, name]) },
      {
        table: "products",
        columns: [
          ...["id", "sku", "name", "description", "price", "tax_rate", "barcode", "weight_kg"],
          ...["materials", "attributes", "active", "category_id", "created_at"],
        ],
        rows: productRows,
      },
      {
        table: "product_pictures",
        columns: ["id", "product_id", "position", "content", "alt_text"],
        rows: pictures,
      },
      { table: '"_ProductToTag"', columns: ["A", "B"], rows: productTags },
      {
        table: "warehouse.suppliers",
        columns: ["id", "name", "email"],
        rows: SUPPLIERS.map((name, i) => [i + 1, name, `orders${i + 1}@example.org`]),
      },
      {
        table: "warehouse.supplier_products",
        columns: ["supplier_id", "product_id", "purchase_cost", "lead_time_days"],
        rows: supplierProducts,
      },
    ],
  };
}

function createCategories(): { rows: Value[][]; ids: Map<string, number> } {
  const tree = [
    ...ROOTS.map((name) => ({ name, parent: null })),
    ...Object.entries(MIDDLE).map(([name, parent]) => ({ name, parent })),
    ...LEAVES.map(({ name, parent }) => ({ name, parent })),
  ];
  const ids = new Map(tree.map(({ name }, index) => [name, index + 1]));
  const rows = tree.map(({ name, parent }): Value[] => [
    ids.get(name) ?? 0,
    name.toLowerCase().replace(/[^a-z]+/g, "-"),
    name,
    parent === null ? null : (ids.get(parent) ?? null),
  ]);
  return { rows, ids };
}
