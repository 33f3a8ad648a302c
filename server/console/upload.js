// @ts-check
// Files go up as they are, with the progress that only XMLHttpRequest tells.

import { identity, refusal, Refused } from "./api.js"

/**
 * Keep a file in the space. Gives its facts; throws Refused.
 * @param {File} file @param {(share: number) => void} moved 0 to 1 @param {AbortSignal} signal
 * @returns {Promise<{ id: string, name: string, size: number }>}
 */
export function upload(file, moved, signal) {
  const request = new XMLHttpRequest()
  return new Promise((resolve, reject) => {
    request.open("POST", `/v1/files?name=${encodeURIComponent(file.name)}`)
    for (const [name, value] of Object.entries(identity("POST"))) request.setRequestHeader(name, value)
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream")
    request.responseType = "json"
    request.upload.onprogress = ({ loaded, total }) => moved(total ? loaded / total : 0)
    request.onload = () => (request.status < 300 ? resolve(request.response.data) : reject(refusal(request.response, request.status, "/v1/files")))
    request.onerror = () => reject(new Refused({ code: "network", message: "" }, 0))
    signal.addEventListener("abort", () => request.abort())
    request.send(file)
  })
}
