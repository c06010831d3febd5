-- Sign-ins: admin@cases.test with "the sealed evidence box",
-- clerk@cases.test with "three paper clips bent".
INSERT INTO people.users (id, email, name, role, password_hash) VALUES
  ('018f0000-0000-7000-8000-000000000001', 'admin@cases.test', 'Ines Archive', 'admin', '636173652d66696c65732d61646d696e:a3f22e0b6fe5d30339f74a33adc417e3712ffa1ad93f83e09fe10c7867578814'),
  ('018f0000-0000-7000-8000-000000000002', 'clerk@cases.test', 'Cleo Paper', 'clerk', '636173652d66696c65732d636c65726b:60b790c70fbe486df2c8f9ce189764eca1afc2767563cfb342d1959ed4c86819');

INSERT INTO records.labels (name) SELECT 'label ' || i FROM generate_series(1, 30) i;

INSERT INTO records.case_files (number, state, claim, facts, owner_id, opened_at)
SELECT to_char(i, '"C-"FM000000'), (ARRAY['OPEN', 'CLOSED'])[1 + i % 2]::records.case_state,
       i * 12345678.9012, jsonb_build_object('at', i, 'big', 12345678901234567890 + i, 'none', NULL),
       CASE WHEN i % 3 > 0 THEN ('018f0000-0000-7000-8000-00000000000' || i % 3)::uuid END,
       timestamptz '2026-01-18 09:00:00.123456+00' + i * interval '11 minutes'
FROM generate_series(1, 3000) i;

INSERT INTO records."_CaseFileToLabel"
SELECT i, 1 + i % 30 FROM generate_series(1, 3000) i UNION SELECT i, 1 + i * 7 % 30 FROM generate_series(1, 3000) i;

-- 31 scans of 1 MiB, which no compression makes smaller.
INSERT INTO records.documents (id, case_id, title, pages, scan)
SELECT gen_random_uuid(), i * 5, 'Scan ' || i, i,
       (SELECT string_agg(sha256((i || '/' || block)::bytea), '') FROM generate_series(1, 32768) block)
FROM generate_series(1, 31) i;
