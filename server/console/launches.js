// @ts-check
// What launches have in common, of definitions and of job types.

import { part, postOnce } from "./api.js"
import { moment } from "./format.js"
import { isTemplate } from "./problems.js"
import { launch as say } from "./strings.js"

/** @typedef {{ code: string, name: string, label?: string, description?: string, inputSchema: any, inputForm: any, modes: string[], needsFile: boolean, online: boolean, builtIn: boolean, limits: any }} JobType */
/** @typedef {{ value?: string, version: number, movedAt?: string, jobId?: string, succeededAt?: string }} Watermark */
/** @typedef {{ jobDefinitionCode: string, name: string, enabled: boolean, jobType: string, params: Record<string, any>, modes: any, [more: string]: any }} Definition */

/** Start a job; pressed twice it is started once. @param {string} path @param {unknown} body @returns {Promise<string>} its id */
export async function start(path, body) {
  const { jobId } = await postOnce(path, body)
  return jobId
}

/** @param {string} code */
export const pathOf = (code) => `/v1/job-definitions/${part(code)}`

/** Whether there is a template anywhere in a value. @param {any} value @returns {boolean} */
export const holdsTemplate = (value) =>
  isTemplate(value) || (value !== null && typeof value === "object" && Object.values(value).some((one) => holdsTemplate(one)))

/** What a run of this mode will read. @param {string} mode @param {Definition} definition @param {Watermark | undefined} watermark */
export function promise(mode, definition, watermark) {
  if (mode !== "delta") return say.fullHelp
  if (watermark?.value) return say.deltaHelp(shown(watermark.value))
  const from = definition.modes?.delta?.startDate
  if (watermark?.succeededAt) return say.deltaAll
  return from ? say.deltaFrom(shown(from)) : say.deltaFirst
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/

/** A value of a watermark: times as people read them. @param {string} value */
export const shown = (value) => (ISO.test(value) ? moment(value) : value)
