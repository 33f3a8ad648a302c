// @ts-check
// A run again, as it was or with other parameters.

import { get, part, postOnce } from "../api.js"
import { weekday } from "../format.js"
import { address } from "../router.js"
import { runs as say } from "../strings.js"
import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js"
import { useAgainForm } from "./againlater.js"
import { announce } from "./announce.js"
import { Dialog } from "./dialog.js"
import { Skeleton } from "./skeleton.js"
import { Trouble } from "./trouble.js"

/** @typedef {import("../timetable.js").Run} Run */
/** @typedef {Record<string, unknown>} Params */

/** @param {{ run: Run, name: string, close: () => void }} props */
export function RunAgain({ run, name, close }) {
  const [before, setBefore] = useState(/** @type {Params | null} */ (run.jobId ? null : {}))
  const [error, setError] = useState(/** @type {Error | null} */ (null))
  const [Form, missing] = useAgainForm()
  const [made, setMade] = useState(/** @type {string | null} */ (null))
  useEffect(() => {
    if (run.jobId) get(`/v1/runs/${part(run.id)}`).then(({ data }) => setBefore(data.params ?? {}), setError)
  }, [run.id])
  const again = async (/** @type {Params | undefined} */ params, /** @type {any} */ { mode }) => {
    const { data } = await postOnce(`/v1/runs/${part(run.id)}/_again`, { params: changed(before ?? {}, params ?? {}), mode: mode || undefined })
    announce(say.madeAgain)
    setMade(data.jobId)
  }
  const help = run.jobId ? say.againHelp(name) : say.makeUp(name, weekday(run.dueAt ?? run.createdAt))
  return html`
    <${Dialog} title=${say.againTitle(name)} close=${close} wide>
      ${made && html`<p>${say.madeAgain} <a href=${address(`/jobs/${made}`)}>${say.openJob}</a></p>`}
      ${!made && html`<p>${help}</p><${Trouble} error=${error ?? missing} />`}
      ${!made && !(before && Form) && !(error ?? missing) && html`<${Skeleton} lines=${3} />`}
      ${!made && before && Form && html`
        <${Form} type=${run.jobType} given=${before} label=${say.params} help=${() => say.paramsHelp} others=${run.mode ? [MODE] : []} run=${again} close=${close} />
      `}
    <//>
  `
}

const MODE = /** @type {const} */ ({
  name: "mode", kind: "choice", label: say.mode, required: false, usual: "",
  options: [{ value: "", label: say.asItWas }, ...Object.entries(say.modes).map(([value, label]) => ({ value, label }))],
}) // prettier-ignore

/** Those that differ: all others are the run's. @param {Params} before @param {Params} after */
function changed(before, after) {
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])))
}
