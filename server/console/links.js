// @ts-check
// Addresses that others have written: only those that lead somewhere harmless.

const SCHEMES = ["http:", "https:", "mailto:"]

/** The address, unless it is none that a person may be led to. @param {unknown} url @returns {string | undefined} */
export function safe(url) {
  if (typeof url !== "string" || !url) return undefined
  try {
    return SCHEMES.includes(new URL(url, location.origin).protocol) ? url : undefined
  } catch {
    return undefined
  }
}
