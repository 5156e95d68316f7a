// Shows the description of the API, /openapi.json, as a page.

const find = (id) => document.getElementById(id);
let components = {}; // name -> schema

function element(name, content = [], attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...[content].flat());
  return made;
}

// The parts of a text, with those between backticks as code.
function prose(text = "") {
  return text.split("`").map((part, at) => (at % 2 ? element("code", part) : part));
}

const paragraphs = (text = "") => text.trim().split(/\n\n+/).map((part) => element("p", prose(part)));

function link(reference) {
  const name = reference.split("/").at(-1);
  return element("a", name, { href: `#schema-${name}` });
}

// The values that a schema allows, in one line.
function allowed(schema = {}) {
  if (schema.$ref) {
    const component = components[schema.$ref.split("/").at(-1)];
    return component.properties ? [link(schema.$ref)] : [link(schema.$ref), ": ", ...allowed(component)];
  }
  if (schema.anyOf) return schema.anyOf.flatMap((part, at) => [...(at ? [" or "] : []), ...allowed(part)]);
  if (schema.enum) return schema.enum.flatMap((value, at) => [...(at ? [", "] : []), element("code", `${value}`)]);
  if (schema.const !== undefined) return [element("code", `${schema.const}`)];
  const limits = [
    ["at least", schema.minimum], ["above", schema.exclusiveMinimum], ["at most", schema.maximum],
    ["elements at most", schema.maxItems],
  ].filter(([, limit]) => limit !== undefined).map(([words, limit]) => `, ${words} ${limit.toLocaleString("en")}`);
  const items = schema.type === "array" && schema.items ? [" of ", ...allowed(schema.items)] : [];
  const type = schema.format === "binary" ? "file" : schema.type ?? "any";
  return [type, ...items, ...limits];
}

function table(heads, rows) {
  const head = element("thead", element("tr", heads.map((text) => element("th", text, { scope: "col" }))));
  const body = element("tbody", rows.map(([first, ...others]) => element("tr", [
    element("th", element("code", first), { scope: "row" }), ...others.map((cell) => element("td", cell)),
  ])));
  return element("div", element("table", [head, body]), { className: "scroll", tabIndex: 0 });
}

const preset = ({ default: value }) => ([value ?? []].flat().length ? element("code", JSON.stringify(value)) : "");

function parameters(list) {
  return table(["parameter", "value", "default", "meaning"], list.map(({ name, schema, description }) =>
    [name, allowed(schema), preset(schema), prose(description)]));
}

const contents = (content = {}) => table(["media type", "content"],
  Object.entries(content).map(([type, { schema }]) => [type, allowed(schema)]));

function responses(list) {
  return table(["status", "meaning", "media types"], Object.entries(list).map(([status, response]) =>
    [status, prose(response.description), Object.keys(response.content ?? {}).join(", ")]));
}

function endpoint(path, method, operation) {
  const title = [element("span", method.toUpperCase(), { className: "method" }), ` ${path}`];
  const parts = [element("h2", title, { id: operation.operationId }), ...paragraphs(operation.description)];
  if (operation.parameters) parts.push(element("h3", "Query"), parameters(operation.parameters));
  if (operation.requestBody) parts.push(element("h3", "Body"), contents(operation.requestBody.content));
  parts.push(element("h3", "Responses"), responses(operation.responses));
  const result = operation.responses["200"]?.content;
  if (result) parts.push(element("h3", "Content of a response with status 200"), contents(result));
  return element("section", parts);
}

function schemaSection([name, schema]) {
  const parts = [element("h3", name, { id: `schema-${name}` }), ...paragraphs(schema.description)];
  if (schema.properties) {
    parts.push(table(["member", "value", "meaning"], Object.entries(schema.properties).map(
      ([member, value]) => [member, allowed(value), prose(value.description)])));
  } else parts.push(element("p", allowed(schema)));
  if (schema.pattern) parts.push(element("p", ["pattern: ", element("code", schema.pattern)]));
  return element("div", parts);
}

function show(document) {
  components = document.components.schemas;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [path, method, operation]));
  find("about").replaceChildren(...paragraphs(document.info.description));
  find("contents").replaceChildren(...operations.map(([path, method, { operationId }]) =>
    element("a", `${method.toUpperCase()} ${path}`, { href: `#${operationId}` })));
  find("endpoints").replaceChildren(...operations.map((operation) => endpoint(...operation)));
  find("schemas").replaceChildren(find("of-schemas"), ...Object.entries(components).map(schemaSection));
  find("schemas").hidden = false;
}

async function load() {
  const token = find("token").value;
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const response = await fetch("openapi.json", { headers });
  const answer = await response.json();
  find("status").className = response.ok ? "" : "failed";
  find("status").textContent = response.ok ? "" : answer.detail;
  if (response.ok) show(answer);
}

find("access").addEventListener("submit", (event) => {
  event.preventDefault();
  load();
});
if (find("access").hidden) load();
