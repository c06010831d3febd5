/**
 * Sentences of fourteen words that compress like English prose, in ratio and in time, with both zlib and zstd. Letters
 * have the frequencies of English. The vocabulary is 4,096 words, and a few of them are used most of the time. There
 * are so many sentences that a repeated one is beyond the compressors' window.
 */
const PROSE = `
  WITH word AS MATERIALIZED (
    SELECT n, string_agg(substr(letters, 1 + get_byte(hash, k) % length(letters), 1), '' ORDER BY k) AS word
    FROM generate_series(0, 4095) n,
      (VALUES ('eeeeeeeeeeeetttttttttaaaaaaaaooooooooiiiiiiinnnnnnnsssssshhhhhhrrrrrrddddlllcccuuummmwwffggyyppbvk')) l(letters),
      sha512(('word ' || n)::bytea) hash,
      generate_series(1, least(12, 2 + floor(ln(n + 2) / ln(4))::int + get_byte(hash, 0) % 4)) k
    GROUP BY n
  )
  SELECT id, string_agg(word, ' ' ORDER BY k) AS text
  FROM generate_series(0, $SENTENCES - 1) id,
    sha512(('sentence ' || id)::bytea) hash,
    generate_series(0, 13) k,
    word
  WHERE word.n = floor(4096 * ((get_byte(hash, 2 * k) * 256 + get_byte(hash, 2 * k + 1)) / 65536.0::float8) ^ 5)::int
  GROUP BY id`;

/** Deterministic rows of ten columns, about 450 bytes each, with a parent table. */
export function postsSql(rows: number): string {
  const sentences = Math.min(rows, 16_384);
  // The periods have no common factor, so no two rows have the same text.
  const sentence = (alias: string, factor: number, fewer: number) =>
    `JOIN sentence ${alias} ON ${alias}.id = i::bigint * ${factor} % ${Math.max(1, sentences - fewer)}`;
  return `
  CREATE TABLE author (id bigint PRIMARY KEY, name text NOT NULL);
  INSERT INTO author SELECT i, 'author ' || i FROM generate_series(1, 1000) i;
  CREATE TABLE post (
    id bigserial,
    author_id bigint NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    price numeric(12,2) NOT NULL,
    meta jsonb NOT NULL,
    tags text[] NOT NULL,
    views bigint NOT NULL,
    published boolean NOT NULL,
    created_at timestamptz(6) NOT NULL
  );
  CREATE TEMP TABLE sentence AS ${PROSE.replace("$SENTENCES", `${sentences}`)};
  INSERT INTO post (author_id, title, body, price, meta, tags, views, published, created_at)
  SELECT 1 + i % 1000,
    'post ' || i,
    left(concat_ws(' ', a.text, b.text, c.text, d.text), 300),
    (i % 1000000) / 100.0,
    jsonb_build_object('likes', i % 977, 'source', 'import ' || i % 13, 'nested', jsonb_build_object('at', i)),
    ARRAY['tag ' || i % 17, 'tag ' || i % 23],
    i::bigint * 1000003,
    i % 3 = 0,
    timestamptz '2020-01-01' + i * interval '37 seconds 1 microsecond'
  FROM generate_series(1, ${rows}) i
  ${sentence("a", 40_503, 0)} ${sentence("b", 30_011, 1)} ${sentence("c", 52_361, 3)} ${sentence("d", 20_947, 7)}
  ORDER BY i;
  DROP TABLE sentence;
  -- Only now: a check and an entry for each row would be half of the work.
  ALTER TABLE post ADD PRIMARY KEY (id), ADD FOREIGN KEY (author_id) REFERENCES author;
  CREATE INDEX ON post (author_id);
  VACUUM ANALYZE;
`;
}
