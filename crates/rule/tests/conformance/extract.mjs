// Turns the CEL conformance suite of npm's @bufbuild/cel-spec into suite.json: one case per line, only what the test needs.
//
//   npm pack @bufbuild/cel-spec@0.6.1 && tar xzf bufbuild-cel-spec-0.6.1.tgz
//   node extract.mjs package/dist/esm/testdata/conformance.js > suite.json
//
// The suite is Copyright Google LLC and Buf Technologies, Inc., Apache License 2.0; see NOTICE.md.
import { pathToFileURL } from "node:url";

const { tests } = await import(pathToFileURL(process.argv[2]).href);
const kept = ["expr", "value", "typeEnv", "bindings", "container", "disableCheck", "checkOnly", "evalError", "typedResult"];
const lines = [];
const seen = new Map();

function walk(suite, path) {
  for (const test of suite.tests ?? []) {
    const name = [...path, test.original.name].join("/");
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    // A few names stand twice in the suite.
    const line = { name: count > 1 ? `${name}#${count}` : name };
    for (const key of kept) if (test.original[key] !== undefined) line[key] = test.original[key];
    if (test.type !== undefined) line.type = test.type;
    if (test.error !== undefined) line.checkError = true;
    // Doubles as text, so that every reader rounds them itself.
    lines.push(JSON.stringify(line, (key, value) => (key === "doubleValue" ? String(value) : value)));
  }
  for (const child of suite.suites ?? []) walk(child, [...path, child.name]);
}

for (const suite of tests.suites) walk(suite, [suite.name]);
process.stdout.write(`[\n${lines.join(",\n")}\n]\n`);
