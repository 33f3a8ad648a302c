// @ts-check
// The form in which something is run again, loaded when the first is opened: most people only look.

import { Refused } from "../api.js"
import { useEffect, useState } from "../vendor/htm-preact-standalone.js"

/** The form once it is there, or why it does not come. @returns {[any, Error | null]} */
export function useAgainForm() {
  const [Form, setForm] = useState(/** @type {any} */ (null))
  const [error, setError] = useState(/** @type {Error | null} */ (null))
  useEffect(() => {
    import("./againform.js").then(({ AgainForm }) => setForm(() => AgainForm), () => setError(new Refused({ code: "network", message: "" }, 0)))
  }, [])
  return [Form, error]
}
