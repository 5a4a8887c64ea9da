/** The folder of the project. */
export const PROJECT = new URL("../../", import.meta.url);

async function copy(from: URL, to: URL): Promise<void> {
  const info = await Deno.stat(from);
  if (info.isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await copy(new URL(`${from}/${name}`), new URL(`${to}/${name}`));
  }
}

/** Copies `parts` of the project (files and folders) to the folder `to`. */
export async function copyProject(parts: readonly string[], to: URL): Promise<void> {
  for (const part of parts) {
    const target = new URL(part, to);
    await Deno.mkdir(new URL(".", target), { recursive: true });
    await copy(new URL(part, PROJECT), target);
  }
}
