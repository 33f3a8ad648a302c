// @ts-check
// What is wrong with the values of a form: what can be seen here, and what the server has told, each at its place.

import { count } from "./format.js"
import { forms as say } from "./strings.js"

/** @typedef {import("./schema.js").Field} Field */
/** @typedef {import("./schema.js").Steps} Steps */
/** @typedef {{ steps: Steps, message: string }} Problem */

/** @param {unknown} value */
export const isTemplate = (value) => typeof value === "string" && value.includes("{{")

/** @param {any} value @param {Steps} steps */
export const valueAt = (value, steps) => steps.reduce((found, step) => found?.[step], value)

const STEP = /\.?([\p{L}\p{N}_$-]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/gu

/** ``params.rows[3].name`` as its steps; the server quotes names that would mislead: ``a["b.c"]``. @param {string} path @returns {Steps} */
export const stepsOf = (path) =>
  [...path.matchAll(STEP)].map(([, name, place, quoted]) => (place ? Number(place) : quoted ? JSON.parse(quoted) : name))

/**
 * What the server refused. ``within`` is the name in the body under which the form's values were sent; not every refusal tells it.
 * @param {import("./api.js").Refused} error @param {Field[]} fields @param {string} [within]
 * @returns {{ placed: Problem[], others: import("./api.js").Refused[] }} ``others`` have no place in the form
 */
export function ofServer(error, fields, within) {
  /** @type {Problem[]} */
  const placed = []
  const others = []
  for (const one of error.all ?? [error]) {
    const told = stepsOf(one.key ?? "")
    const steps = within && told[0] === within ? told.slice(1) : told
    if (!steps.length || !hasPlace(fields, steps)) others.push(one)
    else placed.push({ steps, message: sentence(one.message.replace(`${one.key}: `, "")) })
  }
  return { placed, others }
}

/** Whether the form has a place where it can be shown. @param {Field[]} fields @param {Steps} steps @returns {boolean} */
export function hasPlace(fields, [name, ...rest]) {
  const field = fields.find((one) => one.name === name)
  if (!field || !rest.length) return Boolean(field)
  if (field.kind === "group") return hasPlace(field.fields ?? [], rest)
  const inner = field.kind === "list" && field.item?.kind === "group" ? (field.item.fields ?? []) : undefined
  return !inner || rest.length < 2 || hasPlace(inner, rest.slice(1))
}

/** @param {string} text */
const sentence = (text) => text && text[0].toUpperCase() + text.slice(1)

/** @param {Problem} problem @param {Steps} steps */
export const isBelow = ({ steps: own }, steps) => steps.every((step, at) => own[at] === step)

/**
 * All that can be seen here.
 * @param {Field[]} fields @param {any} values @param {{ templates?: boolean }} [how] @param {Steps} [steps] @returns {Problem[]}
 */
export const check = (fields, values, how = {}, steps = []) =>
  fields.flatMap((field) => checkOne(field, values?.[field.name], how, [...steps, field.name]))

/** @param {Field} field @param {any} value @param {{ templates?: boolean }} how @param {Steps} steps @returns {Problem[]} */
function checkOne(field, value, how, steps) {
  const given = value === undefined ? field.usual : value
  const isEmpty = given === undefined || given === null || (given === "" && field.kind !== "lines" && field.kind !== "text")
  if (isEmpty || (given === "" && field.required)) {
    // What a definition leaves out a trigger may give: the server knows.
    return field.required && !how.templates && !(given === null && field.nullable) ? [{ steps, message: say.missing }] : []
  }
  if (how.templates && isTemplate(given)) return []
  const inner = innerOf(field, given, how, steps)
  const message = wrongWith(field, given)
  return message ? [{ steps, message }, ...inner] : inner
}

/** @param {Field} field @param {any} value @param {{ templates?: boolean }} how @param {Steps} steps @returns {Problem[]} */
function innerOf(field, value, how, steps) {
  if (field.kind === "group") return check(field.fields ?? [], value, field.templates ? { templates: true } : how, steps)
  const item = /** @type {Field} */ (field.item)
  if (field.kind === "list" && Array.isArray(value)) return value.flatMap((one, at) => checkOne(item, one, how, [...steps, at]))
  if (field.kind === "map") return Object.entries(value).flatMap(([name, one]) => checkOne(item, one, how, [...steps, name]))
  return []
}

/** @param {Field} field @param {any} value @returns {string | undefined} */
function wrongWith(field, value) {
  if (value instanceof Draft) return say.notJson
  if (value instanceof Upload) return say.stillUploading
  if (field.kind === "number") return wrongNumber(field, value)
  if (field.kind === "list" || field.kind === "choices") return wrongSize(field, value.length, say.entries)
  if (typeof value !== "string") return undefined
  if (field.kind === "date" && Number.isNaN(Date.parse(value))) return say.notDate
  if (field.kind === "text" || field.kind === "lines") return wrongText(field, value)
}

/** @param {Field} field @param {any} value */
function wrongNumber(field, value) {
  if (typeof value !== "number") return say.notNumber
  if (field.whole && !Number.isInteger(value)) return say.notWhole
  const { least = -Infinity, most = Infinity, exclusiveLeast, exclusiveMost } = field
  const isOutside = value < least || value > most || (exclusiveLeast && value === least) || (exclusiveMost && value === most)
  return isOutside ? say.outside(range(field)) : undefined
}

/** @param {Field} field @param {string} value */
function wrongText(field, value) {
  // Characters as the schema counts them.
  const wrong = wrongSize(field, [...value].length, say.characters)
  if (wrong) return wrong
  return field.pattern && !matches(field.pattern, value) ? say.pattern(field.pattern) : undefined
}

/** @param {string} pattern @param {string} value */
function matches(pattern, value) {
  try {
    return new RegExp(pattern, "u").test(value)
  } catch {
    // The server knows patterns that browsers do not.
    return true
  }
}

/** @param {Field} field @param {number} size @param {(count: number) => string} what */
function wrongSize({ least, most }, size, what) {
  if (least !== undefined && size < least) return say.atLeast(what(least))
  return most !== undefined && size > most ? say.atMost(what(most)) : undefined
}

/** "1 to 100" of a number, where it is bounded. @param {Field} field */
export function range({ least, most, exclusiveLeast, exclusiveMost }) {
  if (least !== undefined && most !== undefined && !exclusiveLeast && !exclusiveMost) return say.between(count(least), count(most))
  const low = least === undefined ? "" : exclusiveLeast ? say.above(count(least)) : say.from(count(least))
  const high = most === undefined ? "" : exclusiveMost ? say.below(count(most)) : say.upTo(count(most))
  return [low, high].filter(Boolean).join(", ")
}

/** JSON that is being written and is none yet; it is never sent. */
export class Draft {
  /** @param {string} text */
  constructor(text) {
    this.text = text
  }
}

/** A file that is on its way: without its id the form would be sent as if there was none. */
export class Upload {}
