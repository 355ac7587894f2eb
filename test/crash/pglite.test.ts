import { describe } from 'vitest'
import { preparedFolder } from '../store/prepared.ts'
import { crashing } from './crash.ts'

describe('over PGlite', () => crashing(preparedFolder))
