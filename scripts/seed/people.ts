import { hashPassword } from "../../app/password.ts";
import { JSON_NULL, type TableRows, type Value } from "./copy-rows.ts";
import { DAY_MS, isoDate, type Period, type Random } from "./random.ts";
import { SIGN_INS } from "./sign-ins.ts";

const FIRST_NAMES =
  "Ada Agnes Aisha Alma Amir Anna Anton Aoife Arjun Astrid Ben Birgit Björn Bruno Carla Chiara Chloé Clara Daniel Dora Elif Elin Emil Emma Erik Esther Eva Felix Fiona Franz Frida Greta Gustav Hana Hannah Henrik Ida Ines Iris Jakob Jan Jana João Jonas Judith Julia Kai Karim Katja Kemal Lars Lea Leila Leo Lina Livia Lucía Ludwig Luis Maja Malte Mara Marie Marta Max Mehmet Mei Mila Milan Mina Mira Moritz Nadia Nele Niels Nils Nina Noah Nora Olga Oskar Paula Peter Petra Pia Priya Rafael Rosa Ruth Samir Sara Selma Sofia Stefan Svea Theo Thomas Till Tilda Ursula Vera Viktor Yara Yusuf Zoë".split(
    " ",
  );
const LAST_NAMES =
  "Abel Ahmadi Albrecht Andersen Arnaud Bakker Barth Bauer Becker Berg Bianchi Blum Bosch Brandt Braun Busch Costa Dahl de‿Vries Demir Dietrich Ebert Eriksson Ernst Fischer Fontaine Frank Friis Fuchs Garcia Graf Grün Haas Hahn Hansen Hartmann Heinrich Hoffmann Holm Horn Huber Iversen Jansen Jensen Jung Kaiser Kaya Keller Klein Koch Krüger Lang Larsen Lehmann Lindgren Lorenz Lund Maier Marini Martens Meyer Moreau Möller Müller Nagel Neumann Novák Nowak O'Brien Olsen Ott Park Patel Peters Petit Pohl Popescu Ricci Richter Rossi Roth Sander Santos Sauer Schäfer Schmidt Schneider Schulz Seidel Silva Simon Sommer Stein Svensson Thoma Tran Vogel Wagner Walter Weber Weiß Winter Wolf Yıldız Ziegler".split(
    " ",
  );
const STREETS =
  "Bahnhofstraße Lindenallee Hauptstraße Am‿Markt Gartenweg Schulstraße Kirchgasse Rosenweg Mühlenweg Uferstraße Bergstraße Poststraße Birkenweg Ringstraße Goethestraße Hafenstraße Wiesenweg Kastanienallee Feldstraße Sonnenhang".split(
    " ",
  );
const CITIES: ReadonlyArray<readonly [city: string, postalPrefix: string, country: string]> = [
  ["Berlin", "10", "DE"],
  ["Hamburg", "20", "DE"],
  ["München", "80", "DE"],
  ["Köln", "50", "DE"],
  ["Leipzig", "04", "DE"],
  ["Freiburg", "79", "DE"],
  ["Bremen", "28", "DE"],
  ["Wien", "1", "AT"],
  ["Graz", "8", "AT"],
  ["Zürich", "80", "CH"],
  ["Basel", "40", "CH"],
  ["København", "21", "DK"],
  ["Amsterdam", "10", "NL"],
  ["Bruxelles", "10", "BE"],
];
const LABELS = ["wholesale", "regular", "gift buyer", 'says "call first"', "pays late", "press"];
const DEPARTMENTS = ["Management", "Sales", "Purchasing", "Warehouse", "Customer care"];
const JOB_TITLES = ["Assistant", "Specialist", "Senior specialist", "Coordinator"];

export interface Customer {
  id: string;
  createdAtMs: number;
  addressIds: number[];
}

export interface People {
  tables: TableRows[];
  customers: Customer[];
  /** The heads of departments. They can only be set after the employees exist. */
  departmentHeads: Array<{ departmentId: number; employeeId: number }>;
}

/** Splits a text into words. Words that belong together are joined by a character that splitting keeps. */
const words = (text: string): string => text.replaceAll("‿", " ");

function fullName(random: Random): string {
  return `${random.pick(FIRST_NAMES)} ${words(random.pick(LAST_NAMES))}`;
}

function emailOf(name: string, unique: string): string {
  const ascii = name
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll("ı", "i")
    .replaceAll("ø", "o")
    .normalize("NFKD")
    .replace(/[^a-z ]/g, "");
  return `${ascii.replaceAll(" ", ".")}${unique}@example.net`;
}

/** Makes everyone who may sign in, works here, or buys. */
export async function createPeople(
  random: Random,
  customerCount: number,
  { startMs, endMs }: Period,
): Promise<People> {
  const users: Value[][] = [];
  for (const [role, { name, email, password }] of Object.entries(SIGN_INS)) {
    const hash = await hashPassword(password, random.bytes(16));
    users.push([random.uuid(), email, name, role, hash, random.timestamp(startMs)]);
  }

  const employees: Value[][] = [];
  const departmentHeads: People["departmentHeads"] = [];
  for (const [index] of DEPARTMENTS.entries()) {
    const departmentId = index + 1;
    departmentHeads.push({ departmentId, employeeId: employees.length + 1 });
    const staff = random.int(3, 6);
    for (let i = 0; i < staff; i++) {
      const user = i === 0 ? users[index] : undefined;
      employees.push([
        employees.length + 1,
        user?.[2] ?? fullName(random),
        i === 0 ? "Head of department" : random.pick(JOB_TITLES),
        isoDate(startMs - random.int(30, 3000) * DAY_MS),
        user?.[0] ?? null,
        departmentId,
      ]);
    }
  }

  const customers: Customer[] = [];
  const customerRows: Value[][] = [];
  const addressRows: Value[][] = [];
  for (let i = 0; i < customerCount; i++) {
    const name = fullName(random);
    // More customers join as the shop grows.
    const createdAtMs = startMs + Math.sqrt(random.next()) * (endMs - startMs);
    const customer: Customer = { id: random.uuid(), createdAtMs, addressIds: [] };
    customers.push(customer);
    customerRows.push([
      customer.id,
      name,
      emailOf(name, String(i + 1)),
      random.chance(0.6) ? `+49 ${random.int(150, 179)} ${random.int(1000000, 9999999)}` : null,
      random.chance(0.25) ? random.sample(LABELS, random.int(1, 2)) : [],
      preferences(random),
      random.timestamp(createdAtMs),
    ]);
    const count = random.chance(0.2) ? 2 : 1;
    for (let n = 0; n < count; n++) {
      const [city, prefix, country] = random.pick(CITIES);
      const id = addressRows.length + 1;
      customer.addressIds.push(id);
      addressRows.push([
        id,
        customer.id,
        `${words(random.pick(STREETS))} ${random.int(1, 140)}${random.chance(0.1) ? "a" : ""}`,
        city,
        prefix + String(random.int(100, 999)),
        country,
      ]);
    }
  }

  return {
    customers,
    departmentHeads,
    tables: [
      {
        table: "users",
        columns: ["id", "email", "name", "role", "password_hash", "created_at"],
        rows: users,
      },
      {
        table: "departments",
        columns: ["id", "name"],
        rows: DEPARTMENTS.map((name, index) => [index + 1, name]),
      },
      {
        table: "employees",
        columns: ["id", "name", "job_title", "hired_on", "user_id", "department_id"],
        rows: employees,
      },
      {
        table: "customers",
        columns: ["id", "name", "email", "phone", "labels", "preferences", "created_at"],
        rows: customerRows,
      },
      {
        table: "addresses",
        columns: ["id", "customer_id", "street", "city", "postal_code", "country"],
        rows: addressRows,
      },
    ],
  };
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
