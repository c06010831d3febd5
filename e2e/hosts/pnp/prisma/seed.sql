-- Sign-in: admin@depot.test with "nine buffers at the ramp".
INSERT INTO "User" (email, password, role) VALUES ('admin@depot.test', '7761676f6e2d6465706f742d73616c74:358f054c52d81ba174006b76b8d607c2a7948d50db02f2b3599f548707e1fb3e', 'ADMIN');

INSERT INTO "User" (email, password) SELECT 'driver' || i || '@depot.test', '' FROM generate_series(1, 50) i;

INSERT INTO "Wagon" (number, kind, plan)
SELECT 318000000000 + i, 'Kind ' || i % 9 || E'\t"closed"', CASE WHEN i % 3 = 0 THEN decode(md5(i::text), 'hex') END
FROM generate_series(1, 800) i;

INSERT INTO "Trip" ("wagonId", "driverId", leaves, load, notes)
SELECT 1 + i * 7 % 800, CASE WHEN i % 4 > 0 THEN 1 + i % 51 END, timestamptz '2026-03-01 05:00:00.123456+01' + i * interval '11 minutes',
       i / 8.0, CASE i % 3 WHEN 0 THEN NULL ELSE jsonb_build_object('axles', i % 6, 'from', 'Köln') END
FROM generate_series(1, 3000) i;
