package userpool_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// logos returns one picture as PNG and as JPEG.
func logos(t testing.TB) (asPNG, asJPEG []byte) {
	t.Helper()
	var p, j bytes.Buffer
	picture := image.NewGray(image.Rect(0, 0, 8, 8))
	if err := png.Encode(&p, picture); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&j, picture, nil); err != nil {
		t.Fatal(err)
	}
	return p.Bytes(), j.Bytes()
}

// download gets a plain file and returns its status, type and content.
func download(t testing.TB, url string) (int, string, []byte) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), content
}

// look returns how the pages of an app client look.
func (w *world) look(pool *types.UserPoolType, clientID *string) *types.UICustomizationType {
	w.t.Helper()
	out, err := w.GetUICustomization(w.t.Context(), &idp.GetUICustomizationInput{UserPoolId: pool.Id, ClientId: clientID})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.UICustomization
}

func (w *world) customize(pool *types.UserPoolType, clientID *string, css string, logo []byte) *types.UICustomizationType {
	w.t.Helper()
	w.clock.Advance(time.Second)
	in := &idp.SetUICustomizationInput{UserPoolId: pool.Id, ClientId: clientID, ImageFile: logo}
	if css != "" {
		in.CSS = &css
	}
	out, err := w.SetUICustomization(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.UICustomization
}

const withoutDomain = "There has to be an existing domain associated with this user pool"

func TestUICustomization(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		asPNG, asJPEG := logos(t)
		p := w.pool()
		w.domain(p, "shop")
		app := w.app(p)
		same := func(about string, want, got *types.UICustomizationType) {
			t.Helper()
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(types.UICustomizationType{})); diff != "" {
				t.Errorf("%s: %s", about, diff)
			}
		}
		same("before there is one", &types.UICustomizationType{}, w.look(p, app.ClientId))

		const css = ".label-customizable { color: red; }"
		all := w.customize(p, nil, css, asPNG)
		if aws.ToString(all.ClientId) != "ALL" || aws.ToString(all.CSS) != css || len(aws.ToString(all.CSSVersion)) != 14 || all.CreationDate == nil {
			t.Errorf("answer %+v", *all)
		}
		same("the pool's", all, w.look(p, nil))
		same("by its name", all, w.look(p, aws.String("ALL")))
		same("the client's is the pool's", all, w.look(p, app.ClientId))
		status, kind, content := download(t, *all.ImageUrl)
		if status != http.StatusOK || kind != "image/png" || !bytes.Equal(content, asPNG) {
			t.Errorf("%s answers %d %s", *all.ImageUrl, status, kind)
		}

		own := w.customize(p, app.ClientId, "", asJPEG)
		if aws.ToString(own.ClientId) != *app.ClientId || own.CSS != nil || own.CSSVersion != nil {
			t.Errorf("answer %+v", *own)
		}
		same("the client's own", own, w.look(p, app.ClientId))
		if status, kind, _ := download(t, *own.ImageUrl); status != http.StatusOK || kind != "image/jpeg" {
			t.Errorf("%s answers %d %s", *own.ImageUrl, status, kind)
		}
		again := w.customize(p, app.ClientId, css, asPNG)
		if !again.CreationDate.Equal(*own.CreationDate) || !again.LastModifiedDate.After(*own.LastModifiedDate) {
			t.Errorf("created %v, modified %v", again.CreationDate, again.LastModifiedDate)
		}
		if status, _, _ := download(t, *own.ImageUrl); status != http.StatusNotFound {
			t.Errorf("the replaced image answers %d", status)
		}

		w.customize(p, app.ClientId, "", nil)
		same("the client's own was taken away", all, w.look(p, app.ClientId))
		w.customize(p, app.ClientId, css, asPNG)
		if _, err := w.DeleteUserPoolClient(t.Context(), &idp.DeleteUserPoolClientInput{UserPoolId: p.Id, ClientId: app.ClientId}); err != nil {
			t.Fatal(err)
		}
		if status, _, _ := download(t, *again.ImageUrl); status != http.StatusNotFound {
			t.Errorf("the image of a deleted client answers %d", status)
		}
		// Without a domain nobody would see it, and there is none to speak of.
		w.removeDomain(p, "shop")
		_, err := w.GetUICustomization(t.Context(), &idp.GetUICustomizationInput{UserPoolId: p.Id})
		wants(t, err, invalidParameter, withoutDomain)
		w.domain(p, "auth.shop.example.org", custom)
		same("with another domain", all, w.look(p, nil))
		w.removeDomain(p, "auth.shop.example.org")
		if _, err := w.DeleteUserPool(t.Context(), &idp.DeleteUserPoolInput{UserPoolId: p.Id}); err != nil {
			t.Fatal(err)
		}
		if status, _, _ := download(t, *all.ImageUrl); status != http.StatusNotFound {
			t.Errorf("the image of a deleted pool answers %d", status)
		}
	})
}

func TestUICustomizationRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	asPNG, _ := logos(t)
	p, bare := w.pool(), w.pool()
	w.domain(p, "shop")
	other := w.app(bare)
	tests := []struct {
		name          string
		in            idp.SetUICustomizationInput
		code, message string
	}{
		{"another pool's client", idp.SetUICustomizationInput{ClientId: other.ClientId}, "ResourceNotFoundException",
			"User pool client " + *other.ClientId + " does not exist."},
		{"no domain", idp.SetUICustomizationInput{UserPoolId: bare.Id}, invalidParameter, withoutDomain},
		{"no pool", idp.SetUICustomizationInput{UserPoolId: aws.String("us-east-1_Nowhere")}, "ResourceNotFoundException",
			"User pool us-east-1_Nowhere does not exist."},
		{"a selector", idp.SetUICustomizationInput{CSS: aws.String("body { color: red }")}, invalidParameter,
			"The CSS has a selector that cannot be customized: body"},
		{"no image", idp.SetUICustomizationInput{ImageFile: []byte("GIF89a")}, invalidParameter, "The image must be a PNG or JPEG file."},
		{"large image", idp.SetUICustomizationInput{ImageFile: append(asPNG, make([]byte, 100<<10)...)}, invalidParameter,
			"The image is larger than 100 KB."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.in.UserPoolId == nil {
				test.in.UserPoolId = p.Id
			}
			_, err := w.SetUICustomization(t.Context(), &test.in)
			wants(t, err, test.code, test.message)
		})
	}
	_, err := w.GetUICustomization(t.Context(), &idp.GetUICustomizationInput{UserPoolId: p.Id, ClientId: other.ClientId})
	wants(t, err, "ResourceNotFoundException", tests[0].message)
	for _, path := range []string{*p.Id + "/ui/ALL/20260101000000/image.png", "nowhere/ui/ALL/x/image.png"} {
		if status, _, _ := download(t, w.url+"/"+path); status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, status)
		}
	}
}
