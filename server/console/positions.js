// @ts-check

/** Whether a position of the log comes after another; one of another log does too, and none comes before all. @param {string} position @param {string} [other] */
export function isAfter(position, other = "") {
  if (!position) return false
  const [epoch, seq] = parts(position)
  const [log, last] = parts(other)
  return epoch !== log || Number(seq) > Number(last)
}

/** @param {string} position */
const parts = (position) => position.split(/:(?=\d+$)/)
