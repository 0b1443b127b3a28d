package jsonbody

import (
	"encoding/json"
	"reflect"
	"time"

	"pintail/internal/wire/shape"
)

// codec reads and writes the values of one type. Null never reaches decode, nor
// an absent value append: the containers deal with both.
type codec interface {
	decode(s *scanner, v reflect.Value) error
	append(dst []byte, v reflect.Value) ([]byte, error)
}

var (
	timeType      = reflect.TypeFor[time.Time]()
	blobType      = reflect.TypeFor[[]byte]()
	documentType  = reflect.TypeFor[json.RawMessage]()
	stringType    = reflect.TypeFor[string]()
	textMapType   = reflect.TypeFor[map[string]string]()
	numberMapType = reflect.TypeFor[map[string]float64]()
	textsMapType  = reflect.TypeFor[map[string][]string]()
)

// codecOf returns the codec of a type that the model package describes, and
// panics on any other. The timestamp format holds for the values of lists and
// maps too, but not for the members of a structure: they have their own tags.
func codecOf(t reflect.Type, f shape.TimeFormat) codec {
	switch t {
	case timeType:
		return timeCodec{f}
	case blobType:
		return blobCodec{}
	case documentType:
		return documentCodec{}
	case textMapType:
		return textMap
	case numberMapType:
		return numberMap
	case textsMapType:
		return mapCodec{t, oneOrMany{codecOf(t.Elem(), f)}}
	}
	switch t.Kind() {
	case reflect.String:
		return stringCodec{}
	case reflect.Bool:
		return boolCodec{}
	case reflect.Int32, reflect.Int64:
		return intCodec{t.Bits()}
	case reflect.Float32, reflect.Float64:
		return floatCodec{t.Bits()}
	case reflect.Pointer:
		return pointerCodec{t.Elem(), codecOf(t.Elem(), f)}
	case reflect.Slice:
		return listCodec{t.Elem(), codecOf(t.Elem(), f)}
	case reflect.Map:
		return mapCodec{t, codecOf(t.Elem(), f)}
	case reflect.Struct:
		return structOf(t)
	}
	panic("jsonbody: " + t.String() + " is not the type of a shape")
}
