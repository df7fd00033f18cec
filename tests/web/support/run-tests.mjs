// Runs tests one after another and prints a line each; for pages, which node:test would run too much at once.

/** tests: by name. Only those whose name contains the program's argument, if there is one; it is an error if none does.
 * before: runs before each test, after(failed): behind it. Resolves to whether all went well. */
export async function runTests(tests, { before = () => {}, after = () => {} } = {}) {
  const wanted = process.argv[2] ?? '';
  const chosen = Object.entries(tests).filter(([name]) => name.includes(wanted));
  if (!chosen.length) console.log(`FAIL  no test is called "${wanted}"`);
  let passed = chosen.length > 0;
  for (const [name, test] of chosen) {
    const begun = Date.now();
    await before();
    let failure;
    try {
      await test();
      console.log(`ok    ${name} (${Date.now() - begun} ms)`);
    } catch (error) {
      failure = error;
      passed = false;
      console.log(`FAIL  ${name}\n${error.stack}`);
    }
    await after(failure !== undefined);
  }
  return passed;
}
