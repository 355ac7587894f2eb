import { decodeUtf8 } from '../../core/json.ts'
import type { VerdictAnswer } from '../../core/request.ts'
import type { PackedRequest } from '../../evidence/pack/format.ts'

export type Result = PackedRequest & { readonly answer: VerdictAnswer }

/** What a request came to, as `finish` wrote it: the request as it can be judged again, with its answer. */
export const resultOf = (bytes: Uint8Array): Result => JSON.parse(decodeUtf8(bytes) ?? '') as Result
