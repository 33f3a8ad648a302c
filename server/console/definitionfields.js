// @ts-check
// What may be said of a definition, as fields of a form.

import { fieldsOf } from "./schema.js"
import { define as say, forms, launch } from "./strings.js"

/** @typedef {import("./schema.js").Field} Field */

const MOST_CODE = 128

/** @param {string} name @param {Partial<Field> & { kind: Field["kind"] }} more @returns {Field} */
const field = (name, more) => ({ name, required: false, label: /** @type {any} */ (say.fields)[name] ?? name, help: /** @type {any} */ (say.help)[name], ...more })

/** @param {import("./launches.js").JobType} type @param {boolean} isNew @returns {Field[]} */
export function ofDefinition(type, isNew) {
  const asked = fieldsOf(type.inputSchema, type.inputForm)
  const modes = type.modes.map((mode) => ({ value: mode, label: mode === "delta" ? launch.delta : launch.full }))
  return [
    ...(isNew ? [field("jobDefinitionCode", { kind: "text", required: true, most: MOST_CODE })] : []),
    field("name", { kind: "text", required: !isNew, most: 256 }),
    field("description", { kind: "lines", most: 4096 }),
    ...(asked.length ? [field("params", { kind: "group", label: forms.params, fields: asked, templates: true })] : []),
    field("target", { kind: "text", most: 256 }),
    ...(type.modes.includes("delta") ? [field("modes", { kind: "group", fields: ofModes(modes) })] : []),
    field("triggers", { kind: "list", most: 16, item: field("trigger", { kind: "group", required: true, fields: ofTrigger(modes) }) }),
    field("options", { kind: "group", fields: ofOptions() }),
    ...(isNew ? [field("enabled", { kind: "boolean" })] : []),
  ]
}

/** @param {import("./schema.js").Option[]} modes @returns {Field[]} */
const ofModes = (modes) => [
  ...(modes.length > 1 ? [field("default", { kind: "choice", options: modes, usual: modes[0].value })] : []),
  field("delta", { kind: "group", bare: true, fields: [field("startDate", { kind: "moment" })] }),
  field("onPartial", { kind: "choice", usual: "keep", options: [{ value: "keep", label: say.keep }, { value: "advance", label: say.advance }] }),
]

/** @param {import("./schema.js").Option[]} modes @returns {Field[]} */
const ofTrigger = (modes) => [
  field("topic", { kind: "text", required: true, most: 512 }),
  field("filter", { kind: "json" }),
  field("params", { kind: "json", label: forms.params, help: say.help.triggerParams }),
  ...(modes.length > 1 ? [field("mode", { kind: "choice", options: modes })] : []),
  field("maxPerMinute", { kind: "number", whole: true, usual: 60, least: 1, most: 6000 }),
]

/** @returns {Field[]} */
const ofOptions = () => [
  field("sendCompletionEmail", { kind: "boolean" }),
  field("sendFailureEmail", { kind: "boolean" }),
  field("emailList", { kind: "list", most: 50, item: field("email", { kind: "text", format: "email", required: true }) }),
  field("skipNotification", { kind: "boolean" }),
]
