// @ts-check
// A rule of notifications, new or changed: of which runs it tells, whom, and how.

import { keepRule } from "../notificationrules.js"
import { forms, notifications as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { FormDialog } from "./formdialog.js"

/** @typedef {import("../notificationrules.js").Owner} Owner */
/** @typedef {import("../notificationrules.js").Rule} Rule */
/** @typedef {import("../schema.js").Field} Field */
/** @typedef {import("../schema.js").Option} Option */

const ON = ["failed", "failedAndPartial", "completed", "all", "none"]
const CHANNELS = ["inbox", "email", "slack", "webhook"]
const MOST_RECIPIENTS = 50
const LONGEST_ADDRESS = 254
const LONGEST_URL = 2_048
const LONGEST_SECRET = 256
/** So many members stand beside each other, to be ticked; more are chosen one by one. */
const MOST_TICKED = 12

/** @param {string} name @param {Partial<Field> & { kind: Field["kind"] }} more @returns {Field} */
const field = (name, more) => ({ name, required: false, label: say.fields[name], help: say.help[name], ...more })

/** @param {string[]} values @param {Record<string, string>} words @returns {Option[]} */
const options = (values, words) => values.map((value) => ({ value, label: words[value] }))

/** Fields of the rule that is being filled in. @param {Rule} rule @param {Option[]} members @returns {Field[]} */
function fieldsFor({ channels = [] }, members) {
  const has = (/** @type {string} */ name) => channels.includes(name)
  const people = has("inbox") || has("email")
  return [
    field("on", { kind: "choice", usual: "failed", options: options(ON, say.onFields) }),
    field("recovered", { kind: "boolean" }),
    field("missed", { kind: "boolean" }),
    field("channels", { kind: "choices", required: true, least: 1, options: options(CHANNELS, say.channels) }),
    ...(people ? [field("starter", { kind: "boolean" }), ofMembers(members)] : []),
    ...(has("email") ? [field("addresses", { kind: "list", most: MOST_RECIPIENTS, item: field("address", { kind: "text", format: "email", required: true, most: LONGEST_ADDRESS }) })] : []),
    ...(has("slack") ? [field("slack", { kind: "text", required: true, most: LONGEST_URL })] : []),
    ...(has("webhook") ? [field("webhook", { kind: "text", required: true, most: LONGEST_URL }), field("webhookSecret", { kind: "text", most: LONGEST_SECRET })] : []),
  ]
}

/** Who may not list members names them by their ids. @param {Option[]} members @returns {Field} */
function ofMembers(members) {
  if (members.length && members.length <= MOST_TICKED) return field("members", { kind: "choices", options: members, most: MOST_RECIPIENTS })
  const item = field("member", members.length ? { kind: "choice", required: true, options: members } : { kind: "text", required: true })
  return field("members", { kind: "list", most: MOST_RECIPIENTS, item, help: members.length ? undefined : say.memberIds })
}

/**
 * @param {{ owner?: Owner, owners: Owner[], rule?: Rule, members: Map<string, string>, close: () => void }} props
 * ``owners``: of which a new rule may be
 */
export function RuleForm({ owner, owners, rule, members, close }) {
  const named = new Map([...members, ...(rule?.members ?? []).filter((/** @type {string} */ id) => members.size && !members.has(id)).map((/** @type {string} */ id) => [id, id])])
  const choices = [...named].map(([value, label]) => ({ value, label }))
  const places = owners.map((one, value) => ({ value, label: one.name }))
  const fields = (/** @type {any} */ values) => [...(owner ? [] : [field("of", { kind: "choice", required: true, options: places })]), ...fieldsFor(values, choices)]
  /** @param {any} values */
  const save = async ({ of, ...made }) => {
    try {
      await keepRule(owner ?? owners[of], rule ?? null, made)
    } catch (error) {
      throw placed(/** @type {any} */ (error))
    }
    announce(say.saved)
    close()
  }
  const title = owner ? say.editTitle(owner.name) : say.make
  return html`
    <${FormDialog} title=${title} button=${forms.save} fields=${fields} given=${rule ?? { channels: ["inbox"] }} save=${save} close=${close} wide=${true}>
      ${owner?.kind === "schedule" && html`<p class="notice">${say.ownsThen}</p>`}
    <//>
  `
}

const PLACE = /^(jobDefinition\.)?notifications\[\d+\]\.?/

/** The server tells where in the list the rule stands, which the form does not know. @param {import("../api.js").Refused} error */
function placed(error) {
  for (const one of error.all ?? []) {
    if (!one.key || !PLACE.test(one.key)) continue
    one.message = one.message.replace(`${one.key}: `, "")
    one.key = one.key.replace(PLACE, "")
  }
  return error
}
