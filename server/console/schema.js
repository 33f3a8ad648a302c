// @ts-check
// From a JSON Schema, or a form as Flatfile's actions have it, to the fields that a person fills in. Nothing here draws.

/** @typedef {(string | number)[]} Steps where something stands in a value */
/** @typedef {{ value: any, label: string, help?: string, color?: string }} Option */
/**
 * @typedef {object} Field
 * @property {string} name
 * @property {"text" | "lines" | "number" | "boolean" | "choice" | "choices" | "date" | "moment" | "file" | "list" | "group" | "map" | "json"} kind
 * @property {string} label
 * @property {string} [help]
 * @property {boolean} required
 * @property {boolean} [nullable]
 * @property {any} [usual] what counts where nothing is given
 * @property {Option[]} [options] of a choice
 * @property {Field[]} [fields] of a group
 * @property {Field} [item] of a list or a map
 * @property {boolean} [whole] of a number
 * @property {number} [least] of a number itself, else of how many characters or entries there are
 * @property {number} [most]
 * @property {boolean} [exclusiveLeast]
 * @property {boolean} [exclusiveMost]
 * @property {string} [pattern]
 * @property {string} [format] such as email or uri
 * @property {boolean} [templates] of a group: each value may be a template
 * @property {boolean} [bare] of a group: it has no frame of its own
 */

const SCALARS = ["string", "number", "boolean"]
const MOST_REFS = 32
/** Deeper ones are written as JSON. */
const DEEPEST = 4
const EXTRA = "x-form"

/**
 * The fields of parameters: those of the form first, with what the schema says of each; then those that only the schema has.
 * @param {any} schema @param {{ fields?: any[] } | null} [form] @returns {Field[]}
 */
export function fieldsOf(schema, form) {
  const node = followed(schema, schema ?? {})
  const properties = node.properties ?? {}
  const required = node.required ?? []
  const asked = (form?.fields ?? []).map((given) => {
    const known = properties[given.key]
    const own = ofForm(given)
    return known === undefined ? own : joined(fieldOf(schema, given.key, known, required.includes(given.key)), own)
  })
  const names = asked.map(({ name }) => name)
  const others = Object.entries(properties).filter(([name]) => !names.includes(name))
  return [...asked, ...others.map(([name, given]) => fieldOf(schema, name, given, required.includes(name)))]
}

/** What the form says of how it looks counts, what the schema says of what is taken stays. @param {Field} known @param {Field} own @returns {Field} */
function joined(known, own) {
  const shown = own.options && known.kind === "choice" ? { options: own.options } : {}
  const kind = known.kind === "text" && own.kind === "lines" ? "lines" : known.kind
  const usual = own.usual ?? known.usual
  return { ...known, ...shown, kind, label: own.label, help: own.help ?? known.help, required: own.required || known.required, usual }
}

const KINDS = /** @type {Record<string, Field["kind"]>} */ ({
  string: "text", textarea: "lines", number: "number", boolean: "boolean", date: "date", enum: "choice", file: "file",
}) // prettier-ignore

/** @param {any} given a field of a form @returns {Field} */
function ofForm({ key, type, label, description, defaultValue, constraints, config }) {
  const options = config?.options?.map((/** @type {any} */ one) => ({
    value: one.value, label: one.label ?? String(one.value), help: one.description, color: one.color,
  })) // prettier-ignore
  return {
    name: key,
    kind: KINDS[type] ?? "text",
    label: label || spoken(key),
    help: description,
    required: Boolean(constraints?.some((/** @type {any} */ one) => one.type === "required")),
    usual: defaultValue,
    ...(options && { options: sorted(options, config.sort) }),
  }
}

/** @param {Option[]} options @param {"label" | "value" | undefined} by */
function sorted(options, by) {
  if (!by) return options
  return options.toSorted((one, other) => (one[by] < other[by] ? -1 : one[by] > other[by] ? 1 : 0))
}

/** @param {any} document @param {string} name @param {any} given @param {boolean} required @param {number} [depth] @returns {Field} */
function fieldOf(document, name, given, required, depth = 0) {
  const { nullable, ...node } = followed(document, given)
  const about = { name, label: node.title || spoken(name), help: node.description, required, nullable, usual: node.default }
  const options = optionsOf(document, node)
  if (options.length) return { ...about, kind: "choice", options }
  const type = typeOf(node)
  if (type === "string") return { ...about, ...textOf(node) }
  if (type === "number" || type === "integer") return { ...about, ...numberOf(node, type) }
  if (type === "boolean") return { ...about, kind: "boolean" }
  if (depth < DEEPEST && type === "array" && node.items && !node.prefixItems) return { ...about, ...listOf(document, node, depth) }
  if (depth < DEEPEST && type === "object") return { ...about, ...objectOf(document, node, depth) }
  return { ...about, kind: "json" }
}

/** @param {any} node @returns {Pick<Field, "kind"> & Partial<Field>} */
function textOf(node) {
  const { format, pattern, minLength: least, maxLength: most } = node
  const asked = node[EXTRA]?.type ?? format
  const kind = ({ date: "date", "date-time": "moment", textarea: "lines", file: "file" })[/** @type {string} */ (asked)] ?? "text"
  return { kind: /** @type {Field["kind"]} */ (kind), format, pattern, least, most }
}

/** @param {any} node @param {string} type @returns {Pick<Field, "kind"> & Partial<Field>} */
function numberOf(node, type) {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = node
  return {
    kind: "number",
    whole: type === "integer",
    least: minimum ?? exclusiveMinimum,
    most: maximum ?? exclusiveMaximum,
    exclusiveLeast: minimum === undefined && exclusiveMinimum !== undefined,
    exclusiveMost: maximum === undefined && exclusiveMaximum !== undefined,
  }
}

/** @param {any} document @param {any} node @param {number} depth @returns {Pick<Field, "kind"> & Partial<Field>} */
function listOf(document, node, depth) {
  const item = fieldOf(document, "", node.items, true, depth + 1)
  const bounds = { least: node.minItems, most: node.maxItems }
  if (item.kind === "choice" && (node.uniqueItems || item.options?.length)) return { kind: "choices", options: item.options, ...bounds }
  return { kind: "list", item, ...bounds }
}

/** @param {any} document @param {any} node @param {number} depth @returns {Pick<Field, "kind"> & Partial<Field>} */
function objectOf(document, node, depth) {
  const named = Object.entries(node.properties ?? {})
  const isRequired = (/** @type {string} */ name) => (node.required ?? []).includes(name)
  if (named.length) return { kind: "group", fields: named.map(([name, one]) => fieldOf(document, name, one, isRequired(name), depth + 1)) }
  const others = node.additionalProperties
  if (others && typeof others === "object") {
    const item = fieldOf(document, "", others, false, depth + 1)
    if (["text", "lines", "number", "boolean", "choice"].includes(item.kind)) return { kind: "map", item }
  }
  return { kind: "json" }
}

/** The schema with what it refers to merged under it, and without the null that it may also be. @param {any} document @param {any} given */
function followed(document, given) {
  let node = given && typeof given === "object" ? given : {}
  let nullable = false
  for (let step = 0; step < MOST_REFS; step += 1) {
    const forms = node.allOf ?? node.anyOf ?? node.oneOf
    const rest = forms?.filter((/** @type {any} */ one) => one?.type !== "null")
    nullable ||= Boolean(forms && rest.length < forms.length)
    const inner = node.$ref ? atPointer(document, node.$ref) : rest?.length === 1 ? rest[0] : undefined
    if (!inner || typeof inner !== "object") break
    const { $ref: _, allOf: __, anyOf: ___, oneOf: ____, ...own } = node
    node = { ...inner, ...own }
  }
  return { ...node, nullable: nullable || (Array.isArray(node.type) && node.type.includes("null")) || undefined }
}

/** @param {any} document @param {string} ref */
function atPointer(document, ref) {
  const names = decodeURIComponent(ref).split("/").slice(1)
  return names.reduce((node, name) => node?.[name.replaceAll("~1", "/").replaceAll("~0", "~")], document)
}

/** @param {any} node @returns {string | undefined} */
function typeOf({ type, properties, items }) {
  const kinds = (Array.isArray(type) ? type : [type]).filter((one) => one && one !== "null")
  if (kinds.length === 1) return kinds[0]
  return kinds.length ? undefined : properties ? "object" : items ? "array" : undefined
}

/** The choices of ``enum``, ``const``, or of forms that are constants each. @param {any} document @param {any} node @returns {Option[]} */
function optionsOf(document, node) {
  const drawn = node[EXTRA]?.options ?? []
  const look = (/** @type {any} */ value) => {
    const one = drawn.find((/** @type {any} */ option) => option.value === value)
    return { label: one?.label ?? String(value), help: one?.description, color: one?.color }
  }
  const listed = node.enum ?? ("const" in node ? [node.const] : undefined)
  if (listed) {
    const values = listed.filter((/** @type {any} */ value) => SCALARS.includes(typeof value))
    return sorted(values.map((/** @type {any} */ value) => ({ value, ...look(value) })), node[EXTRA]?.sort)
  }
  const forms = (node.oneOf ?? node.anyOf ?? []).map((/** @type {any} */ one) => followed(document, one))
  const constants = forms.filter((/** @type {any} */ one) => SCALARS.includes(typeof one.const))
  if (!constants.length || constants.length + forms.filter((/** @type {any} */ one) => one.type === "null").length < forms.length) return []
  return constants.map((/** @type {any} */ one) => ({ value: one.const, ...look(one.const), label: one.title ?? String(one.const), help: one.description }))
}

/** maxResponseBytes as "Max response bytes". @param {string} name */
export function spoken(name) {
  const words = name.replace(/([a-z\d])([A-Z])/g, "$1 $2").replace(/[_.:-]+/g, " ").trim()
  return words && words[0].toUpperCase() + words.slice(1).replace(/[A-Z](?=[a-z])/g, (letter) => letter.toLowerCase())
}
