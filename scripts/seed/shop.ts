import type { Product } from "./catalogue.ts";
import type { Customer } from "./people.ts";
import type { Period, Random } from "./random.ts";
import type { Tables } from "./tables.ts";

export interface Shop {
  random: Random;
  tables: Tables;
  period: Period;
}

export interface Trade {
  customers: Customer[];
  products: Product[];
}
