/**
 * Shows with requests what the instances do together, and checks the answers.
 *
 * @module
 */
import type { Instances } from "./instances.ts";

interface Answer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any -- the answers have different shapes
  readonly body: any;
}

/** Attempts per request, the first included. */
const ATTEMPTS = 5;

/** Repeats a request if the answer says so, as a good client does. */
async function askPatiently(url: string, request: RequestInit): Promise<Answer> {
  for (let attempt = 1;; attempt++) {
    const response = await fetch(url, request);
    const answer = { status: response.status, body: await response.json() };
    const later = response.headers.get("retry-after");
    if (later === null || attempt === ATTEMPTS) return answer;
    await new Promise((resolve) => setTimeout(resolve, Number(later) * 1_000));
  }
}

/** Runs the whole tour; throws if an answer is wrong. */
export async function tour(instances: Instances): Promise<void> {
  const { ids } = instances;
  const ask = (id: string, method: string, path: string, body?: string) =>
    askPatiently(instances.url(id) + path, { method, body });
  const askAll = (method: string, path: string, body: (id: string) => string | undefined) =>
    Promise.all(ids.map((id) => ask(id, method, path, body(id))));

  console.log("\nAll are asked to run one job, at the same time:  POST /jobs/report");
  const jobs = await askAll("POST", "/jobs/report", () => undefined);
  jobs.forEach(({ status, body }, index) => {
    console.log(`  ${ids[index]}  ${status}  ${body.error ?? `done, token ${body.token}`}`);
  });
  // On a busy machine, an instance that is asked late may run the job again after the first one finished.
  const statuses = jobs.map(({ status }) => status);
  check(statuses.includes(200), true, "one instance has run the job");
  const others = statuses.filter((status) => status !== 200 && status !== 409);
  check(others.join(), "", "the others answer 409");

  console.log("\nAll put their own name under one key:  PUT /once/leader");
  const puts = await askAll("PUT", "/once/leader", (id) => id);
  puts.forEach(({ status, body }, index) => {
    console.log(`  ${ids[index]}  ${status}  the leader is ${body.value}`);
  });
  const leader = puts[0].body.value;
  check(ids.includes(leader), true, "one of them is the leader");
  check(puts.map(({ body }) => body.value).join(), [leader, leader, leader].join(), "all agree");

  console.log("\nAll count visits, three times each:  POST /counters/visits");
  const counts: number[] = [];
  let host = "";
  for (let i = 0; i < 3; i++) {
    for (const { body } of await askAll("POST", "/counters/visits", () => undefined)) {
      counts.push(body.count);
      host = body.host;
    }
  }
  console.log(`  ${counts.sort((a, b) => a - b).join(" ")}, all of them on ${host}`);
  check(counts.join(), "1,2,3,4,5,6,7,8,9", "each visit was counted once");

  console.log(`\n${host}, which hosts the counter, is killed.`);
  const left = ids.filter((id) => id !== host);
  await instances.kill(host);
  for (const id of left) {
    const begun = performance.now();
    const { status, body } = await ask(id, "PUT", `/once/by-${id}`, id);
    const took = Math.round(performance.now() - begun);
    console.log(`  ${id}  ${status}  went on after ${took} ms`);
    check(body.value, id, `${id} goes on`);
  }
  const begun = performance.now();
  for (const [index, id] of left.entries()) {
    let visit = await ask(id, "POST", "/counters/visits");
    if (visit.status === 504) {
      console.log(`  ${id}  504  ${visit.body.error}: a visit was on its way to ${host}`);
      visit = await ask(id, "POST", "/counters/visits");
    }
    const { count, host: other } = visit.body;
    const after = Math.round(performance.now() - begun);
    console.log(
      `  ${id}  ${visit.status}  counted as number ${count} on ${other}, after ${after} ms`,
    );
    check(count, index + 1, "another instance counts from 1");
    check(left.includes(other), true, "it was started on one that is left");
  }

  console.log(`\n${host} is started again, with empty memory:  GET /once/leader`);
  await instances.start(host);
  const again = await ask(host, "GET", "/once/leader");
  console.log(`  ${host}  ${again.status}  the leader is ${again.body.value}`);
  check(again.body.value, leader, "the restarted instance knows the leader");
}

function check(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: expected ${expected}, got ${actual}`);
}
