// @ts-check
// A run in words.

import { count } from "../format.js"
import { may, session } from "../session.js"
import { runs as say, schedules } from "../strings.js"

/** @typedef {import("../timetable.js").Run} Run */

/** What a run is called: its definition, or what its job type is. @param {Run} run */
export const nameOf = (run) => run.definition ?? run.label ?? run.jobType ?? say.nowhere

/** The word of the status of a result. @param {Run} run */
export const statusOf = ({ result, status }) => (result === "running" ? (status ?? "executing") : result === "success" ? "complete" : result)

/** What started it, in words. @param {Run} run */
export function starterOf({ trigger }) {
  const { kind, name, topic, memberId, keyId } = trigger
  const isMine = [memberId, keyId].includes(session.value?.keyId)
  return [say.triggers[kind] ?? kind, name ?? topic ?? (isMine && schedules.you)].filter(Boolean).join(" \u00b7 ")
}

/** What became of it, in a line. @param {Run} run */
export function outcomeOf({ error, counts, message, heading, reason, count: many }) {
  const numbers = counts?.total !== undefined && counts.ok !== undefined ? say.of(count(counts.ok), count(counts.total)) : ""
  const left = reason && many > 1 ? say.left(count(many)) : ""
  return [left, numbers, error?.message ?? message ?? heading].filter(Boolean).join(" \u00b7 ")
}

/** @param {Run} run */
export const canRunAgain = (run) => may("run") && run.result !== "running" && !run.rerunId
