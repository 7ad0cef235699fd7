// Checks XML against an XML Schema, as far as JUnit.xsd uses it: named and inline complex types, extension, sequence and
// choice with their counts, required and unknown attributes, token, int, decimal, dateTime pattern and minLength.
// One rule: a construct of the schema that is not handled here throws, so nothing is checked in appearance only.
import { readXml, type XmlNode } from "./xml-reader";

const local = (node: XmlNode) => node.name.replace(/^xs:/, "");
const inside = (node: XmlNode, ...names: string[]) => node.children.filter((child) => names.includes(local(child)));

export function checkXml(xsdText: string, xmlText: string): string[] {
  const schema = readXml(xsdText);
  const named = new Map(
    inside(schema, "complexType", "simpleType").map((type) => [type.attributes["name"] ?? "", type] as const),
  );
  const document = readXml(xmlText);
  const root = inside(schema, "element").find((element) => element.attributes["name"] === document.name);
  if (!root) return [`/${document.name}: is not an element of the schema`];
  return checkElement(root, document, `/${document.name}`, named);
}

type Named = ReadonlyMap<string, XmlNode>;

function checkElement(declared: XmlNode, node: XmlNode, at: string, named: Named): string[] {
  const typeName = declared.attributes["type"];
  const type = typeName ? named.get(typeName) : inside(declared, "complexType", "simpleType")[0];
  if (typeName && !type) return checkValue(typeName, node.text, at);
  return type ? checkType(type, node, at, named) : [];
}

function checkType(type: XmlNode, node: XmlNode, at: string, named: Named): string[] {
  if (local(type) === "simpleType") return checkSimple(type, node.text, at, named);
  const { particles, attributes } = flatten(type, named);
  const allowed = new Set(attributes.map((attribute) => attribute.attributes["name"]));
  const problems = Object.keys(node.attributes)
    .filter((name) => !allowed.has(name))
    .map((name) => `${at}@${name}: is not allowed`);
  for (const attribute of attributes) problems.push(...checkAttribute(attribute, node, at, named));
  return [...problems, ...checkChildren(particles, node, at, named)];
}

/** Particles and attributes of a type and of what it extends. */
function flatten(type: XmlNode, named: Named): { particles: XmlNode[]; attributes: XmlNode[] } {
  const particles: XmlNode[] = [];
  const attributes: XmlNode[] = [];
  for (const child of type.children) {
    const kind = local(child);
    if (kind === "sequence" || kind === "choice") particles.push(child);
    else if (kind === "attribute") attributes.push(child);
    else if (kind === "complexContent" || kind === "simpleContent") {
      for (const extension of inside(child, "extension")) {
        const base = named.get(extension.attributes["base"] ?? "");
        const more = [
          ...(base && local(base) === "complexType" ? [flatten(base, named)] : []),
          flatten(extension, named),
        ];
        for (const each of more) {
          particles.push(...each.particles);
          attributes.push(...each.attributes);
        }
      }
    } else if (kind !== "annotation") throw new Error(`xs:${kind} is not handled`);
  }
  return { particles, attributes };
}

function checkChildren(particles: readonly XmlNode[], node: XmlNode, at: string, named: Named): string[] {
  let next = 0;
  const problems: string[] = [];
  const take = (element: XmlNode) => {
    const name = element.attributes["name"] ?? "";
    const max =
      element.attributes["maxOccurs"] === "unbounded" ? Infinity : Number(element.attributes["maxOccurs"] ?? 1);
    let taken = 0;
    for (let child = node.children[next]; child?.name === name && taken < max; child = node.children[next]) {
      problems.push(...checkElement(element, child, `${at}/${name}[${taken}]`, named));
      taken += 1;
      next += 1;
    }
    return taken;
  };
  for (const particle of particles) {
    const elements = inside(particle, "element");
    const counts = elements.map((element) => ({
      element,
      taken: local(particle) === "choice" && next > 0 ? 0 : take(element),
    }));
    if (local(particle) === "sequence") {
      for (const { element, taken } of counts) {
        if (taken < Number(element.attributes["minOccurs"] ?? 1))
          problems.push(`${at}: lacks ${element.attributes["name"]}`);
      }
    } else if (particle.attributes["minOccurs"] !== "0" && counts.every(({ taken }) => taken === 0)) {
      problems.push(`${at}: needs one of its choices`);
    }
  }
  const extra = node.children[next];
  return extra ? [...problems, `${at}: <${extra.name}> is not allowed here`] : problems;
}

function checkAttribute(attribute: XmlNode, node: XmlNode, at: string, named: Named): string[] {
  const { name = "", use, type: typeName } = attribute.attributes;
  const value = node.attributes[name];
  if (value === undefined) return use === "required" ? [`${at}@${name}: is missing`] : [];
  const type = typeName ? named.get(typeName) : inside(attribute, "simpleType")[0];
  return type ? checkSimple(type, value, `${at}@${name}`, named) : checkValue(typeName ?? "", value, `${at}@${name}`);
}

function checkSimple(type: XmlNode, value: string, at: string, named: Named): string[] {
  const problems: string[] = [];
  for (const restriction of inside(type, "restriction")) {
    const base = restriction.attributes["base"] ?? "";
    const parent = named.get(base);
    problems.push(...(parent ? checkSimple(parent, value, at, named) : checkValue(base, value, at)));
    for (const facet of restriction.children) {
      const wanted = facet.attributes["value"] ?? "";
      if (local(facet) === "pattern" && !new RegExp(`^(?:${wanted})$`).test(value))
        problems.push(`${at}: ${value} does not match`);
      else if (local(facet) === "minLength" && value.length < Number(wanted)) problems.push(`${at}: is too short`);
      else if (!["pattern", "minLength", "whiteSpace"].includes(local(facet)))
        throw new Error(`${facet.name} is not handled`);
    }
  }
  return problems;
}

const TYPES: Record<string, RegExp> = {
  "xs:string": /^[\s\S]*$/,
  "xs:token": /^(?!\s)(?:[^\n\r\t](?!\s\s))*(?<!\s)$|^$/,
  "xs:int": /^[+-]?\d{1,10}$/,
  "xs:decimal": /^[+-]?(\d+(\.\d*)?|\.\d+)$/,
  "xs:dateTime": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/,
};

function checkValue(typeName: string, value: string, at: string): string[] {
  const pattern = TYPES[typeName];
  if (!pattern) throw new Error(`${typeName} is not handled`);
  return pattern.test(value) ? [] : [`${at}: "${value}" is no ${typeName}`];
}
