import { useEffect, useState } from "preact/hooks";
import { Try } from "./docs-try.tsx";
import { contentShape, type Description, type Operation, shape } from "./openapi.ts";

/** The page under `/docs`: what this node's own `/openapi.json` says, with a button to try it. */
export function Docs() {
  const [description, setDescription] = useState<Description | undefined>(undefined);
  const [trouble, setTrouble] = useState("");

  useEffect(() => {
    fetch("/openapi.json")
      .then((answer) => answer.json())
      .then(setDescription)
      .catch(() => setTrouble("This node does not answer: load the page again."));
  }, []);

  if (description === undefined) {
    return (
      <main>
        <p class="empty" role="status">
          {trouble || "Asking this node what it answers …"}
        </p>
      </main>
    );
  }
  const { info, paths, components } = description;
  return (
    <>
      <header>
        <div class="bar">
          <h1>{info.title}: the API</h1>
          <p class="facts">
            <span>version {info.version}</span>
            <a href="/">the dashboard</a>
            <a href="/openapi.json">openapi.json</a>
          </p>
        </div>
      </header>
      <main class="docs">
        <p>{info.description}</p>
        <h2>Routes</h2>
        {Object.entries(paths).flatMap(([path, methods]) =>
          Object.entries(methods).map(([method, operation]) => (
            <Route key={method + path} method={method} path={path} operation={operation} />
          )),
        )}
        <h2>Documents</h2>
        {Object.entries(components.schemas).map(([name, schema]) => (
          <section key={name} id={`schema-${name}`} aria-labelledby={`title-${name}`}>
            <h3 id={`title-${name}`}>{name}</h3>
            {schema.properties === undefined ? (
              <p>
                <code>{shape(schema)}</code>
              </p>
            ) : (
              <Fields schema={schema} />
            )}
          </section>
        ))}
      </main>
    </>
  );
}

interface RouteProps {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

function Route({ method, path, operation }: RouteProps) {
  const { summary, requestBody, responses, security } = operation;
  return (
    <details>
      <summary>
        <b class="method">{method.toUpperCase()}</b> <code>{path}</code> <span>{summary}</span>
      </summary>
      {security !== undefined && (
        <p class="soft">
          From the node's own machine, or with a capability where one is asked for.
        </p>
      )}
      {requestBody !== undefined && (
        <p>
          Takes <code>{contentShape(requestBody.content)}</code>
        </p>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">Status</th>
            <th scope="col">Means</th>
            <th scope="col">Gives</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(responses).map(([status, { description, content }]) => (
            <tr key={status}>
              <td>{status}</td>
              <td>{description}</td>
              <td>
                <code>{contentShape(content)}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {method === "get" && <Try path={path} parameters={operation.parameters ?? []} />}
    </details>
  );
}

function Fields({ schema }: { schema: Description["components"]["schemas"][string] }) {
  return (
    <table>
      <tbody>
        {Object.entries(schema.properties ?? {}).map(([name, field]) => (
          <tr key={name}>
            <th scope="row">
              <code>{name}</code>
            </th>
            <td>
              <code>{shape(field)}</code>
              {schema.required?.includes(name) === false && " (may be absent)"}
            </td>
            <td>{field.description}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
