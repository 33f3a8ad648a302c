// @ts-check
// Rules that say who is told of which runs, wherever they stand: on definitions and on schedules.

import { get, part, patch } from "./api.js"
import { same } from "./diff.js"
import { pathOf } from "./launches.js"
import { notifications as say } from "./strings.js"

/** @typedef {Record<string, any>} Rule */
/** @typedef {{ kind: "definition" | "schedule", id: string, name: string }} Owner of which runs it tells; ``id`` is the code of a definition */
/** @typedef {{ owner: Owner, rule: Rule, key: string }} Placed */

/** Members whose names are read; a list of the API has no more on one page. */
export const MOST = 1_000
export const TOPICS = ["definition:*", "schedule:*", "member:*"]

/** All definitions and schedules that may have rules, and the rules that they have. @param {AbortSignal} signal */
export async function readRules(signal) {
  const [definitions, schedules] = await Promise.all([everyPage("/v1/job-definitions", signal), everyPage("/v1/schedules", signal)])
  const owned = [
    ...definitions.rows.map((one) => ({ owner: ofDefinition(one), rules: one.notifications ?? [] })),
    ...schedules.rows.filter(({ definition }) => definition).map((one) => ({ owner: ofSchedule(one), rules: one.notifications ?? [] })),
  ]
  const placed = owned.flatMap(({ owner, rules }) => rules.map((/** @type {Rule} */ rule, /** @type {number} */ at) => ({ owner, rule, key: `${owner.kind} ${owner.id} ${at}` })))
  return { data: { owners: owned.map(({ owner }) => owner), rules: /** @type {Placed[]} */ (placed) }, asOf: definitions.asOf }
}

/** @param {string} path @param {AbortSignal} signal @returns {Promise<{ rows: any[], asOf: string }>} */
async function everyPage(path, signal) {
  const rows = []
  let cursor
  let asOf = ""
  do {
    const page = /** @type {any} */ (await get(path, { pageSize: MOST, cursor }, signal))
    rows.push(...page.data)
    asOf ||= page.asOf
    cursor = page.cursor
  } while (cursor)
  return { rows, asOf }
}

/** @param {any} one @returns {Owner} */
const ofDefinition = ({ jobDefinitionCode, name }) => ({ kind: "definition", id: jobDefinitionCode, name })
/** @param {any} one @returns {Owner} */
const ofSchedule = ({ id, name, definition }) => ({ kind: "schedule", id, name: say.scheduleOf(name, definition) })

/**
 * Put a rule in the place of another, or behind all; null takes it away. What others have changed meanwhile stays as it is.
 * @param {Owner} owner @param {Rule | null} before @param {Rule | null} after
 */
export async function keepRule({ kind, id }, before, after) {
  const path = kind === "definition" ? pathOf(id) : `/v1/schedules/${part(id)}`
  const answer = await get(path)
  const rules = /** @type {Rule[]} */ ((answer.jobDefinition ?? answer.data).notifications ?? [])
  const at = before ? rules.findIndex((one) => same(one, before)) : rules.length
  if (at < 0) throw new Error(say.changedMeanwhile)
  const notifications = rules.toSpliced(at, before ? 1 : 0, ...(after ? [after] : []))
  await patch(path, kind === "definition" ? { jobDefinition: { notifications } } : { notifications })
}

/** Of which runs a rule tells, in words. @param {Rule} rule */
export function ofWhich({ on = "failed", recovered, missed }) {
  const told = [on !== "none" && say.on[on], recovered && say.recovered, missed && say.missed].filter(Boolean).join(", ")
  return told[0].toUpperCase() + told.slice(1)
}

/** Whether a rule names a member. @param {Rule} rule @param {string} member */
export const isFor = ({ members = [] }, member) => members.includes(member)
