import assert from "node:assert/strict";
import test from "node:test";
import { openApi } from "../../src/api/openapi.ts";
import { dataRoutes } from "../../src/api/routes.ts";
import { FakeOffice } from "../integration/api-fake-office.ts";

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

interface Description {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const routes = dataRoutes(new FakeOffice(), () => 0);
const description = openApi(routes, "0.1.0") as Description;

test("every route of the table is described, each with what it answers", () => {
  assert.match(description.openapi, /^3\.1\.\d+$/);
  assert.equal(description.info.version, "0.1.0");
  const ids = new Set<string>();
  for (const { method, path, answers } of routes) {
    const operation = description.paths[path]?.[method.toLowerCase()];
    assert.ok(operation, `${method} ${path}`);
    assert.equal(ids.has(operation.operationId), false, operation.operationId);
    ids.add(operation.operationId);
    for (const status of [...Object.keys(answers), "421", "500"]) {
      assert.ok(operation.responses[status]?.description, `${path} ${status}`);
    }
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const told = (operation.parameters ?? []).filter((one) => one.in === "path");
    assert.deepEqual(
      told.map(({ name }) => name),
      named,
    );
  }
});

test("every reference leads somewhere", () => {
  const refs = [
    ...JSON.stringify(description).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g),
  ];
  assert.ok(refs.length > 20);
  for (const [, name = ""] of refs) assert.ok(name in description.components.schemas, name);
});

test("a write says who may do it", () => {
  const write = description.paths["/v1/readings"]?.["post"];
  for (const status of ["202", "400", "401", "403", "413", "415"]) {
    assert.ok(write?.responses[status], status);
  }
});
