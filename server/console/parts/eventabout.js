// @ts-check
// What an event is about, in a line.

import { covered } from "./json.js"

const NAMES = ["job", "name", "code", "definition", "title", "email", "status", "result", "reason", "message", "info"]
const MOST = 4

/** @param {import("../../client/tickwire.js").LogEvent} event */
export function aboutOf({ payload = {}, topic }) {
  const { progress, info } = payload
  if (topic === "job:updated" && progress !== undefined) return [payload.job, `${progress} %`, info].filter(Boolean).join(" · ")
  const words = NAMES.map((name) => payload[name]).filter((value) => typeof value === "string" && value)
  if (words.length) return [...new Set(words)].slice(0, MOST).join(" · ")
  const text = JSON.stringify(covered(payload))
  return text === "{}" ? "" : text.slice(0, 200)
}

/** What goes wrong by it, so that it stands out. @param {string} topic */
export const isTrouble = (topic) => /failed|rejected|disabled|failing|overflowed|stalled|behind|skipped/.test(topic)
