import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { ANY_ENCRYPTION } from "../../lib/shared/encryption-policy.ts";
import { NO_ENCRYPTION_DRAFT } from "./encryption-draft.ts";
import { PassphraseFields } from "./passphrase-fields.tsx";

const inputsOf = (draft: Partial<typeof NO_ENCRYPTION_DRAFT>) =>
  renderToStaticMarkup(
    <PassphraseFields
      databaseName="shop"
      policy={ANY_ENCRYPTION}
      draft={{ ...NO_ENCRYPTION_DRAFT, ...draft }}
      onChange={() => {}}
      problems={{}}
    />,
  ).match(/<input[^>]*>/g) ?? [];

it.each([
  { generated: "umbrella-quartz-window" },
  { typesOwn: true, passphrase: "umbrella-quartz-window", repeated: "umbrella-quartz-window" },
])("gives a password manager a name and a new passphrase: %o", (draft) => {
  const inputs = inputsOf(draft);
  expect(inputs).toContainEqual(
    expect.stringMatching(/autoComplete="username".*"backup of shop"/i),
  );
  const secrets = inputs.filter((input) => /autoComplete="new-password"/i.test(input));
  expect(secrets).not.toEqual([]);
  for (const secret of secrets) {
    expect(secret).toContain('type="password"');
    expect(secret).toContain('value="umbrella-quartz-window"');
  }
});
