package trigger

// DecodeV2 reads the answer of a PreTokenGeneration function.
var DecodeV2 = decode[PreTokenGenerationV2Response]
