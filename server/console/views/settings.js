// @ts-check
// The settings lead to the first of their pages that one may see.

import { pages } from "../parts/settings.js"
import { Skeleton } from "../parts/skeleton.js"
import { go } from "../router.js"
import { html, useEffect } from "../vendor/htm-preact-standalone.js"

export default function First() {
  useEffect(() => go(`/settings/${pages()[0]}`, {}, { replace: true }), [])
  return html`<${Skeleton} />`
}
