// Lets AsyncAPI's own parser read the document at the address given, and fails on any error or warning
// but the advice to say more of the project.
import { Parser } from "@asyncapi/parser";

const address = process.argv[2];
const response = await fetch(address);
if (!response.ok) throw new Error(`${address} answers ${response.status}`);
const { document, diagnostics } = await new Parser().parse(await response.text());
const severities = ["error", "warning", "information", "hint"];
for (const { severity, message, path, code } of diagnostics) {
  console.log(`${severities[severity]}: ${path.join(".")}: ${message} (${code})`);
}
if (!document || diagnostics.some(({ severity }) => severity <= 1)) {
  console.error("AsyncAPI's parser does not accept the document");
  process.exit(1);
}
const operations = document.operations().all();
console.log(`AsyncAPI's parser accepts ${operations.length} operations`);
