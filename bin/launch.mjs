/**
 * Starts a TypeScript entry under a Node that runs it. Plain JavaScript without dependencies, for Node 20 and later.
 *
 *   Node >= 24     imports the entry here, with V8's compile cache on
 *   older Node     starts this same script again under the pinned Node of the optional dependency node-<os>-<arch>,
 *                  else under a Node >= 24 from PATH, and ends as that one ended
 *
 * Exit codes of its own: 2 no Node can be found, 3 the program could not be loaded; a signal n gives 128 + n.
 */

const wanted = 24

/** @param {string | URL} entry the module that runs by `process.argv` */
export async function start(entry) {
  if (isEnough(process.versions.node)) await runHere(entry)
  else await runUnderAnother()
}

const isEnough = (version) => Number.parseInt(version, 10) >= wanted

async function runHere(entry) {
  if (process.channel !== undefined) endWithTheParent()
  enableCompileCache()
  try {
    await import(entry)
  } catch (error) {
    // Node would end with 1 here, which means "rejected". Nothing was decided.
    console.error(error)
    process.exit(3)
  }
}

/**
 * Compiled code is read back without a look at its source, so the folder must be ours alone: in a shared /tmp another
 * user could lay it out before us. One that is not, or cannot be written, only costs time.
 */
function enableCompileCache() {
  const { enableCompileCache: enable, getCompileCacheDir } = process.getBuiltinModule('node:module')
  if (getCompileCacheDir() !== undefined) return
  const { lstatSync, mkdirSync } = process.getBuiltinModule('node:fs')
  const { tmpdir } = process.getBuiltinModule('node:os')
  const uid = process.getuid?.()
  const folder = `${tmpdir()}/meshproof-compile-cache-${uid ?? 'user'}`
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const found = lstatSync(folder)
    if (!found.isDirectory() || (uid !== undefined && (found.uid !== uid || (found.mode & 0o022) !== 0))) return
    enable(folder)
    // Threads look at the environment only (measured: one starts in half the time with it).
    process.env.NODE_COMPILE_CACHE = folder
  } catch {}
}

/** Started by `runUnderAnother`: says so, and ends when the launcher is gone, however that ended. */
function endWithTheParent() {
  process.send?.({ up: true })
  process.on('disconnect', () => {
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => process.exit(143), 10_000).unref()
  })
  // A listener alone would keep a finished program alive.
  process.channel.unref()
}

async function runUnderAnother() {
  const { spawn, spawnSync } = await import('node:child_process')
  for (const node of candidates(await pinnedNode(), spawnSync, await onPath())) {
    const ended = await run(spawn, node)
    if (ended !== undefined) process.exit(ended)
  }
  console.error(
    `meshproof: Node ${wanted} or later is missing; this is ${process.versions.node}. Run npm ci without --omit=optional, or install Node ${wanted}.`,
  )
  process.exit(2)
}

/** The pinned Node first; the others are asked for their version only when that one cannot be started. */
function* candidates(pinned, spawnSync, installed) {
  if (pinned !== undefined) yield pinned
  for (const node of installed) {
    const asked = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8', timeout: 5_000 })
    if (asked.status === 0 && isEnough(asked.stdout)) yield node
  }
}

async function pinnedNode() {
  const { createRequire } = await import('node:module')
  try {
    return createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`)
  } catch {
    return undefined
  }
}

async function onPath() {
  const { readdirSync } = await import('node:fs')
  const isNode = /^(node|nodejs|node-?\d+)(\.exe)?$/
  const folders = (process.env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':').filter((it) => it !== '')
  return folders.flatMap((folder) => {
    try {
      return readdirSync(folder)
        .filter((name) => isNode.test(name))
        .map((name) => `${folder}/${name}`)
    } catch {
      return []
    }
  })
}

/**
 * The exit code, or undefined when this binary does not run here (no glibc, an old one, another processor). That is
 * told by trying: the child says that it is up before it does anything, so a program is never run twice.
 */
async function run(spawn, node) {
  let child
  try {
    child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    })
  } catch {
    return undefined
  }
  let up = false
  child.once('message', () => {
    up = true
  })
  // From a terminal, timeout(1) or systemd the child has got the signal as well: the program counts two at once as one.
  let stopped
  const forward = (signal) => {
    stopped = signal
    child.kill(signal)
  }
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP']
  for (const signal of signals) process.on(signal, forward)
  const [code, signal] = await endOf(child)
  for (const signal of signals) process.off(signal, forward)
  if (!up && stopped === undefined) return undefined
  const { constants } = await import('node:os')
  return code ?? 128 + (constants.signals[signal ?? stopped] ?? constants.signals.SIGABRT)
}

/** Code and signal, after the last message has been read. */
const endOf = (child) =>
  new Promise((resolve) => {
    child.on('error', () => resolve([]))
    child.once('exit', (...how) => (child.connected ? child.once('disconnect', () => resolve(how)) : resolve(how)))
  })
