import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { parseJunit } from "../../tasks/junit.ts";

describe("parseJunit()", () => {
  it("drops Deno's groups, whether their tests passed or failed", () => {
    // As Deno writes nested groups: the groups are test cases, too, and inner ones are listed separately.
    const tests = parseJunit(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="6" failures="3" errors="0" time="0.012">
    <testsuite name="./a_test.ts" tests="2" disabled="0" errors="0" failures="1">
        <testcase name="outer &lt;x&gt;" classname="./a_test.ts" time="0.006" line="2" col="1">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="top" classname="./a_test.ts" time="0.000" line="3" col="1">
        </testcase>
    </testsuite>
    <testsuite name="steps" tests="4" disabled="1" errors="0" failures="2">
        <testcase name="outer &lt;x&gt; &gt; inner" classname="steps" time="0.003">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="outer &lt;x&gt; &gt; inner &gt; a" classname="steps" time="0.000">
        </testcase>
        <testcase name="outer &lt;x&gt; &gt; inner &gt; b" classname="steps" time="0.002">
            <failure message="Uncaught Error: no">Error: &lt;/testsuites&gt;</failure>
        </testcase>
        <testcase name="outer &lt;x&gt; &gt; inner &gt; c" classname="steps" time="0.000">
            <skipped/>
        </testcase>
    </testsuite>
</testsuites>`);
    assertEquals(tests, [
      { name: "top", outcome: "passed", seconds: 0 },
      { name: "outer <x> > inner > a", outcome: "passed", seconds: 0 },
      { name: "outer <x> > inner > b", outcome: "failed", seconds: 0.002 },
      { name: "outer <x> > inner > c", outcome: "skipped", seconds: 0 },
    ]);
  });

  it("keeps a group that failed though its tests passed: one of its hooks failed", () => {
    const tests = parseJunit(`<testsuites>
      <testcase name="group"><failure message="Uncaught Error: in afterAll">x</failure></testcase>
      <testcase name="group &gt; a"></testcase>
    </testsuites>`);
    assertEquals(tests, [
      { name: "group", outcome: "failed", seconds: 0 },
      { name: "group > a", outcome: "passed", seconds: 0 },
    ]);
  });

  it("reads names that Node wrote: quotes encoded twice, other characters not at all", () => {
    const [test] = parseJunit(`<testsuites>
      <testcase name="a <b> > &amp;quot;c&amp;quot; &amp; d" time="0.1" classname="test"/>
      <!-- tests 1, "quoted" > & so on -->
    </testsuites>`);
    assertEquals(test, { name: 'a <b> > "c" & d', outcome: "passed", seconds: 0.1 });
  });

  it("reads an error, which Deno writes for an interrupted test, as failed", () => {
    const [test] = parseJunit(
      `<testsuites><testcase name="a"><error message="Cancelled"/></testcase></testsuites>`,
    );
    assertEquals(test.outcome, "failed");
  });

  it("reads nested suites, as Bun writes them", () => {
    const tests = parseJunit(`<testsuites name="bun test">
      <testsuite name="a_test.ts"><testsuite name="outer">
        <testcase name="a" file="a_test.ts" line="1" assertions="0" />
        <testcase name="b" file="a_test.ts" line="2" assertions="0">
          <failure type="TimeoutError" message="test timed out" />
        </testcase>
      </testsuite></testsuite>
    </testsuites>`);
    assertEquals(tests.map((test) => test.outcome), ["passed", "failed"]);
  });

  it("finds no test in a report without one", () => {
    assertEquals(parseJunit("<testsuites></testsuites>"), []);
  });

  it("throws on a truncated report", () => {
    assertThrows(() => parseJunit(""), Error, "not complete");
    assertThrows(
      () => parseJunit(`<testsuites><testcase name="a"/><!-- </testsuites> -->`),
      Error,
      "not complete",
    );
  });
});
