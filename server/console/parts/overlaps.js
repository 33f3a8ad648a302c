// @ts-check
// For how long an old secret is good beside a new one.

import { overlaps as say } from "../strings.js"

/** Seconds, and how they are called. @type {[number, string][]} */
export const OVERLAPS = [
  [0, say.none],
  [3_600, say.hour],
  [86_400, say.day],
  [604_800, say.week],
  [2_592_000, say.month],
]
