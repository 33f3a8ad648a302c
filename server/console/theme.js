// Before anything is drawn: pages that turn from light to dark hurt.
try {
  const theme = JSON.parse(localStorage.getItem("tickwire.theme") ?? "null")
  if (theme && theme !== "system") document.documentElement.dataset.theme = theme
} catch {
  // As the system has it.
}
