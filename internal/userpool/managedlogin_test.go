package userpool_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	smithydocument "github.com/aws/smithy-go/document"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

type object = map[string]any

// settingsOf returns a style's settings, with numbers as text.
func settingsOf(t testing.TB, b *types.ManagedLoginBrandingType) object {
	t.Helper()
	if b.Settings == nil {
		return nil
	}
	var settings object
	if err := b.Settings.UnmarshalSmithyDocument(&settings); err != nil {
		t.Fatal(err)
	}
	return settings
}

func svgAsset(category types.AssetCategoryType, mode types.ColorSchemeModeType, colour string) types.AssetType {
	return types.AssetType{Category: category, ColorMode: mode, Extension: "SVG", Bytes: []byte(`<svg fill="` + colour + `"/>`)}
}

var plainAssets = cmpopts.IgnoreUnexported(types.AssetType{})

func TestManagedLoginBranding(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p := w.pool()
		app := w.app(p)
		light, dark := svgAsset("FORM_LOGO", "LIGHT", "red"), svgAsset("FORM_LOGO", "DARK", "black")
		settings := object{"components": object{"form": object{"borderRadius": "9"}}, "extra": object{"list": []any{"a", nil, true}}}
		created, err := w.CreateManagedLoginBranding(ctx, &idp.CreateManagedLoginBrandingInput{
			UserPoolId: p.Id, ClientId: app.ClientId, Settings: document.NewLazyDocument(settings), Assets: []types.AssetType{light},
		})
		if err != nil {
			t.Fatal(err)
		}
		id := created.ManagedLoginBranding.ManagedLoginBrandingId
		describe := func(merged bool) *types.ManagedLoginBrandingType {
			t.Helper()
			out, err := w.DescribeManagedLoginBranding(ctx, &idp.DescribeManagedLoginBrandingInput{UserPoolId: p.Id, ManagedLoginBrandingId: id, ReturnMergedResources: merged})
			if err != nil {
				t.Fatal(err)
			}
			byClient, err := w.DescribeManagedLoginBrandingByClient(ctx, &idp.DescribeManagedLoginBrandingByClientInput{UserPoolId: p.Id, ClientId: app.ClientId, ReturnMergedResources: merged})
			if err != nil {
				t.Fatal(err)
			}
			if *byClient.ManagedLoginBranding.ManagedLoginBrandingId != *id || !cmp.Equal(settingsOf(t, byClient.ManagedLoginBranding), settingsOf(t, out.ManagedLoginBranding)) {
				t.Error("the client's style is another one")
			}
			return out.ManagedLoginBranding
		}
		for about, got := range map[string]*types.ManagedLoginBrandingType{"answer": created.ManagedLoginBranding, "described": describe(false)} {
			if diff := cmp.Diff(settings, settingsOf(t, got)); diff != "" {
				t.Errorf("%s: settings: %s", about, diff)
			}
			if diff := cmp.Diff([]types.AssetType{light}, got.Assets, plainAssets); diff != "" || got.UseCognitoProvidedValues || *got.UserPoolId != *p.Id {
				t.Errorf("%s: %s", about, diff)
			}
		}
		// Merged, the customized values stand among those that were not touched.
		form := settingsOf(t, describe(true))["components"].(object)["form"].(object)
		if form["borderRadius"] != "9" || form["logo"] == nil || form["lightMode"].(object)["backgroundColor"] == nil {
			t.Errorf("merged: %v", form)
		}

		update := func(in idp.UpdateManagedLoginBrandingInput) *types.ManagedLoginBrandingType {
			t.Helper()
			in.UserPoolId, in.ManagedLoginBrandingId = p.Id, id
			out, err := w.UpdateManagedLoginBranding(ctx, &in)
			if err != nil {
				t.Fatal(err)
			}
			return out.ManagedLoginBranding
		}
		brighter := svgAsset("FORM_LOGO", "LIGHT", "orange")
		got := update(idp.UpdateManagedLoginBrandingInput{
			Settings: document.NewLazyDocument(object{"extra": object{"list": []any{}}, "categories": object{}}), Assets: []types.AssetType{dark, brighter},
		})
		want := object{"components": settings["components"], "extra": object{"list": []any{}}, "categories": object{}}
		if diff := cmp.Diff(want, settingsOf(t, got)); diff != "" {
			t.Error("updated settings:", diff)
		}
		if diff := cmp.Diff([]types.AssetType{dark, brighter}, got.Assets, plainAssets); diff != "" {
			t.Error("updated assets:", diff)
		}
		if got := update(idp.UpdateManagedLoginBrandingInput{UseCognitoProvidedValues: true}); !got.UseCognitoProvidedValues || settingsOf(t, got) != nil || len(got.Assets) > 0 {
			t.Errorf("back to the defaults: %+v", *got)
		}
		if got := describe(false); !got.UseCognitoProvidedValues || settingsOf(t, got) != nil {
			t.Errorf("back to the defaults, described: %+v", *got)
		}

		if _, err := w.DeleteManagedLoginBranding(ctx, &idp.DeleteManagedLoginBrandingInput{UserPoolId: p.Id, ManagedLoginBrandingId: id}); err != nil {
			t.Fatal(err)
		}
		_, err = w.DescribeManagedLoginBrandingByClient(ctx, &idp.DescribeManagedLoginBrandingByClientInput{UserPoolId: p.Id, ClientId: app.ClientId})
		wants(t, err, "ResourceNotFoundException", "There is no managed login branding style for the app client "+*app.ClientId+".")
	})
}

// style gives an app client the default style.
func (w *world) style(pool *types.UserPoolType, app *types.UserPoolClientType) (*types.ManagedLoginBrandingType, error) {
	out, err := w.CreateManagedLoginBranding(w.t.Context(), &idp.CreateManagedLoginBrandingInput{
		UserPoolId: pool.Id, ClientId: app.ClientId, UseCognitoProvidedValues: true,
	})
	if err != nil {
		return nil, err
	}
	return out.ManagedLoginBranding, nil
}

// A style goes with its app client, and there are only so many.
func TestManagedLoginBrandingLimits(t *testing.T) {
	t.Parallel()
	w := boot(t)
	ctx := t.Context()
	p := w.pool()
	app := w.app(p)
	made, err := w.style(p, app)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.style(p, app)
	wants(t, err, "ManagedLoginBrandingExistsException", "A managed login branding style already exists for the app client.")
	for range 19 {
		if _, err := w.style(p, w.app(p)); err != nil {
			t.Fatal(err)
		}
	}
	next := w.app(p)
	_, err = w.style(p, next)
	wants(t, err, "LimitExceededException", "A user pool can have at most 20 branding styles.")
	if _, err := w.DeleteUserPoolClient(ctx, &idp.DeleteUserPoolClientInput{UserPoolId: p.Id, ClientId: app.ClientId}); err != nil {
		t.Fatal(err)
	}
	_, err = w.DescribeManagedLoginBranding(ctx, &idp.DescribeManagedLoginBrandingInput{UserPoolId: p.Id, ManagedLoginBrandingId: made.ManagedLoginBrandingId})
	wants(t, err, "ResourceNotFoundException", "Managed login branding "+*made.ManagedLoginBrandingId+" does not exist.")
	if _, err := w.style(p, next); err != nil {
		t.Error("the place is not free:", err)
	}
}

func TestManagedLoginBrandingRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	ctx := t.Context()
	p := w.pool()
	app, other := w.app(p), w.app(w.pool())
	logo := svgAsset("FORM_LOGO", "LIGHT", "red")
	tests := []struct {
		name          string
		in            idp.CreateManagedLoginBrandingInput
		code, message string
	}{
		{"another pool's client", idp.CreateManagedLoginBrandingInput{ClientId: other.ClientId}, "ResourceNotFoundException",
			"User pool client " + *other.ClientId + " does not exist."},
		{"both", idp.CreateManagedLoginBrandingInput{UseCognitoProvidedValues: true, Settings: document.NewLazyDocument(object{})}, invalidParameter,
			"Settings and Assets must be left out when UseCognitoProvidedValues is true."},
		{"the default and an asset", idp.CreateManagedLoginBrandingInput{UseCognitoProvidedValues: true, Assets: []types.AssetType{logo}}, invalidParameter,
			"Settings and Assets must be left out when UseCognitoProvidedValues is true."},
		{"a number without end", idp.CreateManagedLoginBrandingInput{Settings: document.NewLazyDocument(object{"a": []any{object{"b": smithydocument.Number("1e999999")}}})},
			invalidParameter, "Numbers in Settings must be written without an exponent, in at most 32 characters."},
		{"a list", idp.CreateManagedLoginBrandingInput{Settings: document.NewLazyDocument([]string{"x"})}, invalidParameter, "Settings must be a JSON object."},
		{"twice", idp.CreateManagedLoginBrandingInput{Assets: []types.AssetType{logo, logo}}, invalidParameter,
			"There is more than one asset FORM_LOGO for the colour mode LIGHT."},
		{"another form", idp.CreateManagedLoginBrandingInput{Assets: []types.AssetType{{Category: "FORM_LOGO", ColorMode: "DARK", Extension: "PNG", Bytes: logo.Bytes}}},
			invalidParameter, "The asset FORM_LOGO is not an image of the form PNG."},
		{"no icon", idp.CreateManagedLoginBrandingInput{Assets: []types.AssetType{svgAsset("FAVICON_ICO", "DYNAMIC", "red")}},
			invalidParameter, "The asset FAVICON_ICO cannot be an image of the form SVG."},
		{"nothing", idp.CreateManagedLoginBrandingInput{Assets: []types.AssetType{{Category: "FORM_LOGO", ColorMode: "DARK", Extension: "PNG"}}},
			invalidParameter, "The asset FORM_LOGO has neither Bytes nor ResourceId."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.in.UserPoolId = p.Id
			if test.in.ClientId == nil {
				test.in.ClientId = app.ClientId
			}
			_, err := w.CreateManagedLoginBranding(ctx, &test.in)
			wants(t, err, test.code, test.message)
		})
	}
	none := aws.String("01234567-89ab-4def-8123-456789abcdef")
	absent := "Managed login branding " + *none + " does not exist."
	_, err := w.UpdateManagedLoginBranding(ctx, &idp.UpdateManagedLoginBrandingInput{UserPoolId: p.Id, ManagedLoginBrandingId: none})
	wants(t, err, "ResourceNotFoundException", absent)
	_, err = w.DeleteManagedLoginBranding(ctx, &idp.DeleteManagedLoginBrandingInput{UserPoolId: p.Id, ManagedLoginBrandingId: none})
	wants(t, err, "ResourceNotFoundException", absent)
	_, err = w.UpdateManagedLoginBranding(ctx, &idp.UpdateManagedLoginBrandingInput{UserPoolId: p.Id})
	wants(t, err, invalidParameter, "UserPoolId and ManagedLoginBrandingId are required.")
}

// Images are added in several requests, but not without end.
func TestManagedLoginBrandingSize(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	made, err := w.style(p, w.app(p))
	if err != nil {
		t.Fatal(err)
	}
	content := append([]byte("<svg/>"), make([]byte, 990_000)...)
	add := func(i int) error {
		_, err := w.UpdateManagedLoginBranding(t.Context(), &idp.UpdateManagedLoginBrandingInput{
			UserPoolId: p.Id, ManagedLoginBrandingId: made.ManagedLoginBrandingId,
			Assets: []types.AssetType{{Category: "IDP_BUTTON_ICON", ColorMode: "LIGHT", Extension: "SVG", Bytes: content, ResourceId: aws.String(fmt.Sprint("provider ", i))}},
		})
		return err
	}
	for i := range 8 {
		if err := add(i); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, add(8), invalidParameter, "A branding style can have at most 8 MB of settings and assets.")
}
