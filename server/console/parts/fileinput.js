// @ts-check
// A file: it goes up as soon as it is chosen, and its id is the value.

import { get, part, Refused } from "../api.js"
import { size } from "../format.js"
import { Icon } from "../icons.js"
import { Upload } from "../problems.js"
import { forms as say } from "../strings.js"
import { upload } from "../upload.js"
import { html, useEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"
import { Bar } from "./bar.js"
import { told } from "./trouble.js"

/** @typedef {{ id: string, name: string, size: number }} Kept */

/** @param {Pick<import("./form.js").FieldProps, "field" | "value" | "change"> & { attributes: import("./form.js").Attributes }} props */
export function FileInput({ field, value, change, attributes }) {
  const [kept, setKept] = useState(/** @type {Kept | null} */ (null))
  const [going, setGoing] = useState(/** @type {{ name: string, share: number } | null} */ (null))
  const [error, setError] = useState(/** @type {Error | null} */ (null))
  const gone = useRef(/** @type {AbortController | null} */ (null))
  useEffect(() => () => gone.current?.abort(), [])
  useEffect(() => {
    if (typeof value !== "string" || kept?.id === value) return
    get(`/v1/files/${part(value)}`).then(({ data }) => setKept(data), (refused) => setError(refused))
  }, [value])

  /** @param {File | undefined} file */
  const take = async (file) => {
    if (!file) return
    gone.current?.abort()
    const { signal } = (gone.current = new AbortController())
    setError(null)
    setGoing({ name: file.name, share: 0 })
    change(() => new Upload())
    try {
      const found = await upload(file, (share) => setGoing({ name: file.name, share }), signal)
      setKept(found)
      change(() => found.id)
    } catch (refused) {
      change(() => undefined)
      setError(/** @type {Refused} */ (refused))
    }
    setGoing(null)
  }
  const drop = (/** @type {any} */ event) => {
    event.preventDefault()
    take(event.dataTransfer?.files[0])
  }
  if (going) {
    const percent = Math.round(going.share * 100)
    return html`<div class="file"><span>${going.name}</span><${Bar} label=${say.uploading(going.name)} status="executing" progress=${percent} /><small>${percent} %</small></div>`
  }
  if (value && !(value instanceof Upload)) {
    const name = kept?.id === value ? kept?.name : value
    return html`
      <div class="file"><${Icon} name="definitions" /><span>${name}</span>${kept?.id === value && html`<small>${size(kept?.size ?? 0)}</small>`}
        <button type="button" class="quiet" aria-label=${say.remove(name ?? "")} onClick=${() => change(() => undefined)}><${Icon} name="close" /></button>
      </div>
      ${error && html`<p class="bad">${told(error)}</p>`}
    `
  }
  return html`
    <div class="drop" onDragOver=${(/** @type {Event} */ event) => event.preventDefault()} onDrop=${drop}>
      <input type="file" aria-label=${field.label} ...${attributes} onChange=${(/** @type {any} */ { currentTarget }) => take(currentTarget.files[0])} />
      <small>${say.drop}</small>
    </div>
    ${error && html`<p class="bad" role="alert">${told(error)}</p>`}
  `
}
