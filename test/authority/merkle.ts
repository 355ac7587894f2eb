/** An append-only Merkle tree (RFC 6962, 2.1) that keeps the hashes of complete subtrees. */
import { sha256 } from './bytes.ts'

const leafPrefix = Buffer.from([0])
const nodePrefix = Buffer.from([1])

export interface Tree {
  /** levels[k][i] is the hash over leaves i·2^k … (i+1)·2^k − 1. */
  levels: Buffer[][]
}

export interface InclusionProof {
  index: number
  size: number
  root: Buffer
  hashes: Buffer[]
}

export const emptyTree = (): Tree => ({ levels: [[]] })

export const treeSize = (tree: Tree): number => tree.levels[0]?.length ?? 0

/** Appends a leaf and returns its index. */
export function append(tree: Tree, leaf: Uint8Array): number {
  let hash = sha256(leafPrefix, leaf)
  for (let level = 0; ; level += 1) {
    const row = tree.levels[level] ?? []
    tree.levels[level] = row
    row.push(hash)
    const left = row.at(-2)
    if (row.length % 2 === 1 || left === undefined) return treeSize(tree) - 1
    hash = sha256(nodePrefix, left, hash)
  }
}

/** Proof for the leaf at `index` in the tree of its first `size` leaves, from the leaf upwards. */
export function prove(tree: Tree, index: number, size = treeSize(tree)): InclusionProof {
  if (index < 0 || index >= size || size > treeSize(tree)) throw new Error(`no leaf ${index} in a tree of ${size}`)
  return { index, size, root: subtree(tree, 0, size), hashes: path(tree, index, 0, size) }
}

function path(tree: Tree, index: number, start: number, end: number): Buffer[] {
  if (end - start === 1) return []
  const middle = start + split(end - start)
  return index < middle
    ? [...path(tree, index, start, middle), subtree(tree, middle, end)]
    : [...path(tree, index, middle, end), subtree(tree, start, middle)]
}

function subtree(tree: Tree, start: number, end: number): Buffer {
  const width = end - start
  const level = Math.log2(width)
  const kept = Number.isInteger(level) ? tree.levels[level]?.[start / width] : undefined
  if (kept !== undefined) return kept
  if (width < 2) throw new Error('empty subtree')
  const middle = start + split(width)
  return sha256(nodePrefix, subtree(tree, start, middle), subtree(tree, middle, end))
}

/** The largest power of two below `width`. */
function split(width: number): number {
  return 2 ** (Math.ceil(Math.log2(width)) - 1)
}
