// @ts-check
// What has changed between two values, by place.

/** @typedef {{ path: string, before: any, after: any }} Change undefined where there was nothing, or is nothing any more */

/** @param {any} before @param {any} after @param {string} [path] @returns {Change[]} */
export function changes(before, after, path = "") {
  if (same(before, after)) return []
  if (!isPlain(before) || !isPlain(after)) return [{ path, before, after }]
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((name) => changes(before[name], after[name], path ? `${path}.${name}` : name))
}

/** @param {any} value */
const isPlain = (value) => value !== null && typeof value === "object" && !Array.isArray(value)

/** Whether two JSON values say the same; the order of names says nothing. @param {any} one @param {any} other @returns {boolean} */
export function same(one, other) {
  if (Object.is(one, other)) return true
  if (typeof one !== "object" || typeof other !== "object" || !one || !other || Array.isArray(one) !== Array.isArray(other)) return false
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => name in other && same(one[name], other[name]))
}
