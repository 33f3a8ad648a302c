// @ts-check
// What the browser is handed to be kept as a file.

import { identity, queryText, reach, refusal } from "./api.js"

const KEPT_MS = 10_000

/**
 * An answer that is a file. It is fetched, since a link could not say which space is meant; throws Refused.
 * @param {string} path @param {import("./router.js").Query} query @param {string} name
 */
export async function download(path, query, name) {
  const response = await reach(`${path}?${queryText(query)}`, { headers: identity("GET") })
  if (!response.ok) throw refusal(await response.json().catch(() => ({})), response.status, path)
  handOver(name, await response.blob())
}

/** @param {string} name @param {Blob} blob */
export function handOver(name, blob) {
  const url = URL.createObjectURL(blob)
  Object.assign(document.createElement("a"), { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS)
}
