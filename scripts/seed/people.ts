import { hashPassword } from "../../app/password.ts";
import { DAY_MS, isoDate, type Random } from "./random.ts";
import type { Shop } from "./shop.ts";
import { SIGN_INS } from "./sign-ins.ts";
import { JSON_NULL, type Value } from "./tables.ts";

const FIRST_NAMES =
  "Ada Agnes Aisha Alma Amir Anna Anton Aoife Arjun Astrid Ben Birgit Björn Bruno Carla Chiara Chloé Clara Daniel Dora Elif Elin Emil Emma Erik Esther Eva Felix Fiona Franz Frida Greta Gustav Hana Hannah Henrik Ida Ines Iris Jakob Jan Jana João Jonas Judith Julia Kai Karim Katja Kemal Lars Lea Leila Leo Lina Livia Lucía Ludwig Luis Maja Malte Mara Marie Marta Max Mehmet Mei Mila Milan Mina Mira Moritz Nadia Nele Niels Nils Nina Noah Nora Olga Oskar Paula Peter Petra Pia Priya Rafael Rosa Ruth Samir Sara Selma Sofia Stefan Svea Theo Thomas Till Tilda Ursula Vera Viktor Yara Yusuf Zoë".split(
    " ",
  );
const LAST_NAMES =
  "Abel|Ahmadi|Albrecht|Andersen|Arnaud|Bakker|Barth|Bauer|Becker|Berg|Bianchi|Blum|Bosch|Brandt|Braun|Busch|Costa|Dahl|de Vries|Demir|Dietrich|Ebert|Eriksson|Ernst|Fischer|Fontaine|Frank|Friis|Fuchs|Garcia|Graf|Grün|Haas|Hahn|Hansen|Hartmann|Heinrich|Hoffmann|Holm|Horn|Huber|Iversen|Jansen|Jensen|Jung|Kaiser|Kaya|Keller|Klein|Koch|Krüger|Lang|Larsen|Lehmann|Lindgren|Lorenz|Lund|Maier|Marini|Martens|Meyer|Moreau|Möller|Müller|Nagel|Neumann|Novák|Nowak|O'Brien|Olsen|Ott|Park|Patel|Peters|Petit|Pohl|Popescu|Ricci|Richter|Rossi|Roth|Sander|Santos|Sauer|Schäfer|Schmidt|Schneider|Schulz|Seidel|Silva|Simon|Sommer|Stein|Svensson|Thoma|Tran|Vogel|Wagner|Walter|Weber|Weiß|Winter|Wolf|Yıldız|Ziegler".split(
    "|",
  );
const STREETS =
  "Bahnhofstraße|Lindenallee|Hauptstraße|Am Markt|Gartenweg|Schulstraße|Kirchgasse|Rosenweg|Mühlenweg|Uferstraße|Bergstraße|Poststraße|Birkenweg|Ringstraße|Goethestraße|Hafenstraße|Wiesenweg|Kastanienallee|Feldstraße|Sonnenhang".split(
    "|",
  );
/** With the beginning of postal codes, and the country. */
const CITIES =
  "Berlin 10 DE|Hamburg 20 DE|München 80 DE|Köln 50 DE|Leipzig 04 DE|Freiburg 79 DE|Bremen 28 DE|Wien 1 AT|Graz 8 AT|Zürich 80 CH|Basel 40 CH|København 21 DK|Amsterdam 10 NL|Bruxelles 10 BE".split(
    "|",
  );
const LABELS = ["wholesale", "regular", "gift buyer", 'says "call first"', "pays late", "press"];
const DEPARTMENTS = ["Management", "Sales", "Purchasing", "Warehouse", "Customer care"];
const JOB_TITLES = ["Assistant", "Specialist", "Senior specialist", "Coordinator"];

export interface Customer {
  id: string;
  createdAtMs: number;
  addressIds: number[];
}

const fullName = (random: Random): string =>
  `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`;

function emailOf(name: string, unique: number): string {
  const ascii = name
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll("ı", "i")
    .replaceAll("ø", "o")
    .normalize("NFKD")
    .replace(/[^a-z ]/g, "");
  return `${ascii.replaceAll(" ", ".")}${unique}@example.net`;
}

/** Makes everyone who may sign in or works here. The departments get their heads once both exist. */
export async function createStaff({ random, tables, period }: Shop): Promise<void> {
  const users: Array<{ id: string; name: string }> = [];
  for (const [role, { name, email, password }] of Object.entries(SIGN_INS)) {
    const hash = await hashPassword(password, random.bytes(16));
    const id = random.uuid();
    users.push({ id, name });
    tables.add("users", {
      ...{ id, email, name, role },
      password_hash: hash,
      created_at: random.timestamp(period.startMs),
    });
  }
  for (const [index, name] of DEPARTMENTS.entries())
    tables.add("departments", { id: index + 1, name });
  let employeeId = 0;
  for (const index of DEPARTMENTS.keys()) {
    const staff = random.int(3, 6);
    for (let i = 0; i < staff; i++) {
      const user = i === 0 ? users[index] : undefined;
      tables.add("employees", {
        id: ++employeeId,
        name: user?.name ?? fullName(random),
        job_title: i === 0 ? HEAD : random.pick(JOB_TITLES),
        hired_on: isoDate(period.startMs - random.int(30, 3000) * DAY_MS),
        user_id: user?.id ?? null,
        department_id: index + 1,
      });
    }
  }
}

const HEAD = "Head of department";

export const SET_HEADS = `UPDATE departments SET head_id = e.id
  FROM employees e WHERE e.department_id = departments.id AND e.job_title = '${HEAD}'`;

export function createCustomers({ random, tables, period }: Shop, count: number): Customer[] {
  const customers: Customer[] = [];
  let addressId = 0;
  for (let i = 1; i < count + 1; i++) {
    const name = fullName(random);
    // More customers join as the shop grows.
    const createdAtMs = period.startMs + Math.sqrt(random.next()) * (period.endMs - period.startMs);
    const customer: Customer = { id: random.uuid(), createdAtMs, addressIds: [] };
    customers.push(customer);
    tables.add("customers", {
      id: customer.id,
      name,
      email: emailOf(name, i),
      phone: random.chance(0.6)
        ? `+49 ${random.int(150, 179)} ${random.int(1000000, 9999999)}`
        : null,
      labels: random.chance(0.25) ? random.sample(LABELS, random.int(1, 2)) : [],
      preferences: preferences(random),
      created_at: random.timestamp(createdAtMs),
    });
    const addresses = random.chance(0.2) ? 2 : 1;
    for (let n = 0; n < addresses; n++) {
      const [city = "", prefix, country = ""] = random.pick(CITIES).split(" ");
      customer.addressIds.push(++addressId);
      tables.add("addresses", {
        id: addressId,
        customer_id: customer.id,
        street: `${random.pick(STREETS)} ${random.int(1, 140)}${random.chance(0.1) ? "a" : ""}`,
        city,
        postal_code: `${prefix}${random.int(100, 999)}`,
        country,
      });
    }
  }
  return customers;
}

function preferences(random: Random): Value {
  if (random.chance(0.35)) return null;
  if (random.chance(0.1)) return JSON_NULL;
  return {
    newsletter: random.chance(0.5),
    language: random.pick(["de", "en", "fr", null]),
    interests: random.sample(["kitchen", "living", "garden", "textiles"], 2),
  };
}
