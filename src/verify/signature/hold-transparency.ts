import { isKeys, type Requirement, transparencyOf } from '../../core/policy.ts'
import type { Book } from './book.ts'
import { awaitsLog, type Candidate } from './candidate.ts'
import { type Facts, isDone } from './facts.ts'
import type { Matter } from './matter.ts'

/** Logs, certificate timestamps and signed times, counted by operator (L8, T18); strangers lend nothing and break nothing (T92). */
export function holdTransparency(
  requirement: Requirement,
  candidate: Candidate,
  facts: Facts,
  matter: Matter,
  book: Book,
): void {
  const { log, sct, time, proof } = transparencyOf(requirement)
  if (!isKeys(requirement.signer)) holdCertificateLogs(sct, facts, book)
  const ran = isDone(facts.signature) || !isKeys(requirement.signer)
  if (!ran) {
    if (log > 0) book.demand('/transparency/log', 'error', 'log.not-evaluated')
    if (time > 0) book.demand('/transparency/time', 'error', 'time.not-evaluated')
    if (proof) book.demand('/transparency/proof', 'error', 'log.not-evaluated')
    return
  }
  holdLog(log, proof, candidate, facts, book)
  holdTime(time, candidate, facts, matter, book)
}

function holdCertificateLogs(sct: number, facts: Facts, book: Book): void {
  const stage = facts.timestampsOfCertificate
  if (!isDone(stage)) {
    if (sct > 0 || stage.outcome === 'fail') book.refusal('/transparency/sct', stage)
    return
  }
  const { operators, strangers } = stage.done
  if (strangers > 0) book.note('sct.log-unknown')
  if (facts.openEnded === true && operators >= sct) {
    if (sct > 0) book.demand('/transparency/sct', 'error', 'log.inclusion-not-shown')
    return
  }
  const met = operators >= sct
  book.demand('/transparency/sct', met ? 'pass' : 'fail', met ? 'sct.counted' : 'sct.absent', {
    expected: String(sct),
    found: String(operators),
  }) // T23
}

function holdLog(log: number, proof: boolean, candidate: Candidate, facts: Facts, book: Book): void {
  const counted = new Set(facts.entries.map((entry) => entry.log.operator))
  for (const { checkpoint, byPromiseOnly } of facts.entries) {
    if (checkpoint !== undefined) book.note('log.checkpoint', { found: checkpoint })
    if (byPromiseOnly) book.note('log.promise-only')
  }
  const wrong = facts.entryProblems.find(({ outcome, stranger }) => outcome === 'fail' && !stranger)
  const unread = facts.entryProblems.find(({ outcome }) => outcome === 'error')
  const stranger = facts.entryProblems.find((problem) => problem.stranger)
  const count = { expected: String(log), found: String(counted.size) }
  if (wrong !== undefined)
    book.demand('/transparency/log', 'fail', wrong.code, { expected: undefined, found: wrong.found })
  else if (counted.size >= log) {
    book.demand('/transparency/log', 'pass', 'log.counted', count)
    for (const problem of [unread, stranger])
      if (problem !== undefined) book.note(problem.code, { found: problem.found })
  } else if (unread !== undefined) book.demand('/transparency/log', 'error', unread.code, { found: unread.found })
  else if (stranger !== undefined) book.demand('/transparency/log', 'fail', stranger.code, { found: stranger.found })
  else if (awaitsLog(candidate)) book.demand('/transparency/log', 'error', 'log.inclusion-not-shown')
  else book.demand('/transparency/log', 'fail', 'log.absent', count)
  if (proof) {
    const proven = facts.entries.some(({ byPromiseOnly }) => !byPromiseOnly)
    const expected = { expected: 'inclusion proof' }
    if (proven) book.demand('/transparency/proof', 'pass', 'demand.met', expected)
    else if (unread !== undefined) book.demand('/transparency/proof', 'error', 'log.not-evaluated', expected)
    else book.demand('/transparency/proof', 'fail', 'log.proof-absent', expected)
  }
}

function holdTime(time: number, candidate: Candidate, facts: Facts, matter: Matter, book: Book): void {
  const counted = new Set(facts.times.map(({ by, operator }) => `${by} ${operator}`))
  const wrong = facts.timeProblems.find(({ outcome, stranger }) => outcome === 'fail' && !stranger)
  const unread = facts.timeProblems.find(({ outcome }) => outcome === 'error')
  const stranger = facts.timeProblems.find((problem) => problem.stranger)
  const future = facts.times.find((signed) => signed.time > matter.at + matter.limits.clockSkewMs)
  const count = { expected: String(time), found: String(counted.size) }
  if (future !== undefined)
    book.demand('/transparency/time', 'fail', 'time.in-future', { found: new Date(future.time).toISOString() }) // T22
  else if (!isDone(facts.window) && facts.window.outcome === 'fail')
    book.refusal('/transparency/time', facts.window) // T21
  else if (wrong !== undefined) book.demand('/transparency/time', 'fail', wrong.code)
  else if (counted.size >= time) {
    const found = [...new Set(facts.times.map(({ time: at, by }) => `${new Date(at).toISOString()} (${by})`))].sort()
    book.demand('/transparency/time', 'pass', 'time.counted', { expected: String(time), found: found.join(', ') })
    for (const problem of [unread, stranger]) if (problem !== undefined) book.note(problem.code)
  } else if (unread !== undefined) book.demand('/transparency/time', 'error', unread.code)
  else if (facts.entryProblems.some(({ outcome }) => outcome === 'error'))
    book.demand('/transparency/time', 'error', 'time.not-evaluated')
  else if (awaitsLog(candidate))
    book.demand('/transparency/time', 'error', 'log.inclusion-not-shown') // T14
  else {
    if (stranger !== undefined) book.note(stranger.code)
    book.demand('/transparency/time', 'fail', 'time.absent', count)
  }
}
