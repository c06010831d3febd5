import { drawPicture, type Shape } from "./picture.ts";
import { DAY_MS, decimal } from "./random.ts";
import type { Shop } from "./shop.ts";
import { JSON_NULL, type Tables } from "./tables.ts";

const ROOTS = ["Kitchen", "Living", "Desk", "Textiles", "Garden"];
/** A category, its parent, its items, the range of prices in euros, the shape of pictures, and materials. */
const LEAVES = `
  Cups & mugs    | Kitchen  | mug, espresso cup, tea bowl                 | 9-34    | cup     | stoneware
  Plates & bowls | Kitchen  | dinner plate, breakfast plate, serving bowl | 12-69   | plate   | porcelain, stoneware
  Bottles & jars | Kitchen  | carafe, storage jar, oil bottle             | 14-59   | bottle  | glass, cork
  Table lamps    | Lighting | table lamp, reading lamp                    | 69-289  | lamp    | linen, oak, brass
  Floor lamps    | Lighting | floor lamp, arc lamp                        | 149-549 | lamp    | steel, linen
  Vases          | Living   | vase, bud vase                              | 19-119  | bottle  | glass
  Cushions       | Living   | cushion, floor cushion                      | 24-99   | cushion | wool, cotton
  Notebooks      | Desk     | notebook, sketchbook, diary                 | 8-32    | book    | paper, linen
  Trays          | Desk     | letter tray, pen tray                       | 16-64   | plate   | oak, brass
  Blankets       | Textiles | throw, blanket                              | 49-219  | cushion | wool, alpaca
  Towels         | Textiles | hand towel, bath towel, tea towel           | 9-49    | cushion | cotton, linen
  Planters       | Garden   | planter, hanging pot                        | 15-139  | leaf    | terracotta, zinc`
  .trim()
  .split("\n")
  .map((line) => {
    const [name = "", parent = "", items = "", euros = "", shape, materials = ""] = line
      .trim()
      .split(/ +\| +/);
    const [least = 0, most = 0] = euros.split("-").map(Number);
    return {
      ...{ name, parent, least, most, shape: shape as Shape },
      items: items.split(", "),
      materials: materials.split(", "),
    };
  });
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
}

/** Makes categories, suppliers, and products with their pictures and tags. */
export function createCatalogue({ random, tables, period }: Shop, productCount: number): Product[] {
  const categoryIds = createCategories(tables);
  const tagIds = TAGS.map((name, index) => tables.add("tags", { id: index + 1, name }));
  const supplierIds = SUPPLIERS.map((name, index) =>
    tables.add("warehouse.suppliers", {
      id: index + 1,
      name,
      email: `orders${index + 1}@example.org`,
    }),
  );
  const products: Product[] = [];
  let pictureId = 0;
  for (let id = 1; id <= productCount; id++) {
    const kind = random.pick(LEAVES);
    const colour = random.pick(Object.keys(COLOURS) as Array<keyof typeof COLOURS>);
    const item = random.pick(kind.items);
    const priceCents = random.int(kind.least, kind.most) * 100 - random.pick([0, 5, 10, 50]);
    const createdAtMs = period.startMs - random.int(1, 300) * DAY_MS + random.int(0, DAY_MS);
    const name = `${random.pick(LINES)} ${item}, ${colour}`;
    products.push({ id, priceCents });
    tables.add("products", {
      id,
      sku: `${kind.parent.slice(0, 3).toUpperCase()}-${String(id).padStart(5, "0")}`,
      name,
      description: `A ${item} of ${kind.materials.join(" and ")}, made in small numbers.\nCare: see the label; do not use "bleach".`,
      price: decimal(priceCents),
      tax_rate: kind.name === "Notebooks" ? "0.070" : "0.190",
      barcode: 4_000_000_000_000n + BigInt(id) * 7_919_113n,
      weight_kg: random.int(5, 900) / 100,
      materials: kind.materials,
      attributes: random.chance(0.06)
        ? JSON_NULL
        : { colour, set: random.chance(0.2) ? random.int(2, 6) : null },
      active: random.chance(0.95),
      category_id: categoryIds.get(kind.name) ?? null,
      created_at: random.timestamp(createdAtMs),
    });
    const pictureCount = random.chance(0.25) ? 2 : 1;
    for (let position = 1; position <= pictureCount; position++) {
      tables.add("product_pictures", {
        ...{ id: ++pictureId, product_id: id, position },
        content: drawPicture(kind.shape, COLOURS[colour], random.pick(GROUNDS)),
        alt_text: `${name}, picture ${position}`,
      });
    }
    for (const tagId of random.sample(tagIds, random.int(0, 3)))
      tables.add('"_ProductToTag"', { A: id, B: tagId });
    for (const supplierId of random.sample(supplierIds, random.int(1, 2))) {
      tables.add("warehouse.supplier_products", {
        ...{ supplier_id: supplierId, product_id: id },
        purchase_cost: ((priceCents * random.int(3500, 6200)) / 1_000_000).toFixed(4),
        lead_time_days: random.int(2, 45),
      });
    }
  }
  return products;
}

/** @returns their ids by name */
function createCategories(tables: Tables): Map<string, number> {
  const ids = new Map<string, number>();
  for (const { name, parent } of [
    ...ROOTS.map((root) => ({ name: root, parent: "" })),
    { name: "Lighting", parent: "Living" },
    ...LEAVES,
  ]) {
    const id = ids.size + 1;
    const slug = name.toLowerCase().replace(/[^a-z]+/g, "-");
    tables.add("categories", { id, slug, name, parent_id: ids.get(parent) ?? null });
    ids.set(name, id);
  }
  return ids;
}
