import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { describeMisfit, type Edit, mendList, misfitOf } from "./fit.ts";

const EDIT: Edit = {
  name: "a queue is empty",
  file: "lib/queue.ts",
  find: "if (left.has(name, 1)) return [left, name];",
  replace: "if (left.has(name, 1)) return [];",
};

const RENAMED = "if (rest.has(name, 1)) return [rest, name];";

/** The misfit in a project of `files`. */
const misfit = (files: Record<string, string>, edit = EDIT) =>
  misfitOf(edit, new Map(Object.entries(files)));

describe("misfitOf()", () => {
  it("is null for code that is there, however it is formatted", () => {
    assertEquals(misfit({ "lib/queue.ts": EDIT.find }), null);
    assertEquals(
      misfit({ "lib/queue.ts": EDIT.find.replace("(name, 1)", "(\n  name,\n  1,\n)") }),
      null,
    );
  });

  it("names what seems to be renamed, and mends both codes", () => {
    const found = misfit({ "lib/queue.ts": RENAMED })!;
    assertEquals(
      describeMisfit(found),
      'lib/queue.ts: "a queue is empty": left seems to be rest now (deno task mutate --mend)',
    );
    assertEquals(found.mended, {
      ...EDIT,
      find: RENAMED,
      replace: "if (rest.has(name, 1)) return [];",
    });
  });

  it("names the file to which the code was moved", () => {
    const found = misfit({ "lib/line.ts": EDIT.find, "lib/other.ts": "" })!;
    assertEquals(
      describeMisfit(found),
      'lib/queue.ts: "a queue is empty": there is no such file; its code is in lib/line.ts ' +
        "(deno task mutate --mend)",
    );
    assertEquals(found.mended, { ...EDIT, file: "lib/line.ts" });
  });

  for (
    const [what, files, why] of [
      ["code that is gone", { "lib/queue.ts": "" }, "its code is not there"],
      ["code that is there twice", { "lib/queue.ts": `${EDIT.find}\n${EDIT.find}` }, "2 times"],
      [
        "two places that are like it",
        { "lib/queue.ts": `${RENAMED}\n${RENAMED.replaceAll("rest", "more")}` },
        "2 places are like it",
      ],
      ["a file that is gone", {}, "there is no such file"],
      [
        "a file that is gone, and code in two others",
        { "lib/a.ts": EDIT.find, "lib/b.ts": EDIT.find },
        "there is no such file",
      ],
    ] as const
  ) {
    it(`tells of ${what}, and mends nothing`, () => {
      const found = misfit(files)!;
      assertEquals([found.why.includes(why), found.mended], [true, null], found.why);
    });
  }

  it("tells of a mutation that changes nothing", () => {
    const found = misfit({ "lib/queue.ts": EDIT.find }, { ...EDIT, replace: EDIT.find })!;
    assertEquals([found.why, found.mended], ["it changes nothing", null]);
  });
});

describe("mendList()", () => {
  const list = (file: string, find: string, replace: string, name = EDIT.name) =>
    `[{ find: ${JSON.stringify(EDIT.find)} }, {\n  name: "${name}",\n  file: "${file}",\n` +
    `  find: ${find},\n  replace: ${replace},\n}]`;
  const quoted = (text: string) => JSON.stringify(text);

  it("writes both codes of the mutation, and of no other", () => {
    const found = misfit({ "lib/queue.ts": RENAMED })!;
    assertEquals(
      mendList(list(EDIT.file, quoted(EDIT.find), quoted(EDIT.replace)), found),
      list(EDIT.file, quoted(RENAMED), quoted("if (rest.has(name, 1)) return [];")),
    );
  });

  it("finds codes with quotes, in either kind of quotes", () => {
    const edit = { ...EDIT, find: 'say(who, "it\'s", all);', replace: 'say(who, "", all);' };
    const found = misfit({ "lib/queue.ts": 'say(you, "it\'s", all);' }, edit)!;
    const mended = [quoted('say(you, "it\'s", all);'), quoted('say(you, "", all);')] as const;
    for (const quotes of ["'say(who, \"it\\'s\", all);'", quoted(edit.find)]) {
      assertEquals(
        mendList(list(EDIT.file, quotes, quoted(edit.replace)), found),
        list(EDIT.file, ...mended),
      );
    }
  });

  it("writes the file to which the code was moved", () => {
    const found = misfit({ "lib/line.ts": EDIT.find })!;
    const codes = [quoted(EDIT.find), quoted(EDIT.replace)] as const;
    assertEquals(mendList(list(EDIT.file, ...codes), found), list("lib/line.ts", ...codes));
  });

  it("leaves a list without the mutation, or with its code in pieces, as it is", () => {
    const found = misfit({ "lib/queue.ts": RENAMED })!;
    const codes = [quoted(EDIT.find), quoted(EDIT.replace)] as const;
    assertEquals(mendList(list(EDIT.file, ...codes, "another"), found), null);
    assertEquals(mendList(list(EDIT.file, '"if" + "..."', codes[1]), found), null);
    assertEquals(mendList("", misfit({ "lib/queue.ts": "" })!), null);
  });
});
