package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"pintail/internal/userpool/regions"
)

// projectCmd are the verbs for projects. A project is what an app needs, made under one
// name: a Pinpoint application, a user pool with a client, an identity pool, and a role
// each for guests and for users.
type projectCmd struct {
	Create projectCreateCmd `cmd:"" help:"Make what is missing of a project, and print its settings files."`
	List   projectListCmd   `cmd:"" help:"List the projects."`
	Show   projectShowCmd   `cmd:"" help:"Print what a project consists of, or one of its settings files."`
	Delete projectDeleteCmd `cmd:"" help:"Delete a project, its users and its data included."`
}

var projectName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,31}$`)

func checkProjectName(name string) error {
	if projectName.MatchString(name) {
		return nil
	}
	return fmt.Errorf("a project's name has up to 32 letters, digits and hyphens, and %q has not", name)
}

type projectCreateCmd struct {
	target
	Plan bool   `help:"Only say what would be made."`
	Out  string `help:"Write the settings files into this folder instead of printing them." type:"path" placeholder:"FOLDER"`
	Name string `arg:"" help:"The project's name."`
}

// Run makes the project.
func (c *projectCreateCmd) Run(ctx context.Context, s *streams) error {
	if err := checkProjectName(c.Name); err != nil {
		return err
	}
	server, err := c.connect()
	if err != nil {
		return err
	}
	m := &projectMaker{client: server, project: newProject(c.Name, server.Account), plan: c.Plan, out: s.out}
	if err := m.make(ctx); err != nil || c.Plan {
		return err
	}
	if !regions.Of(server.Region).Reports() {
		fmt.Fprintf(s.out, "User pools in %s cannot report to Pinpoint: the app client has no analytics.\n", server.Region)
	}
	fmt.Fprintln(s.out)
	return writeSettings(s.out, server, m.project, c.Out)
}

// writeSettings prints the settings files, or writes them into a folder.
func writeSettings(out io.Writer, server *client, p project, folder string) error {
	for _, f := range p.settings(server) {
		text, err := f.text()
		if err != nil {
			return err
		}
		if folder == "" {
			fmt.Fprintf(out, "-- %s (%s) --\n%s\n", f.name, f.use, text)
			continue
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		path := filepath.Join(folder, f.name)
		if err := os.WriteFile(path, append([]byte(text), '\n'), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(out, "wrote %s (%s)\n", path, f.use)
	}
	return nil
}

type projectListCmd struct{ target }

// Run lists the projects by the user pools that are marked as theirs.
func (c *projectListCmd) Run(ctx context.Context, s *streams) error {
	server, err := c.connect()
	if err != nil {
		return err
	}
	return server.eachPool(ctx, func(p listedPool) error {
		marked, err := server.poolMark(ctx, p.Id)
		if err == nil && marked == p.Name {
			_, err = fmt.Fprintln(s.out, p.Name)
		}
		return err
	})
}

type projectShowCmd struct {
	target
	File string `help:"Print this settings file only: amplify_outputs.json, aws-exports.js, amplifyconfiguration.json or awsconfiguration.json." placeholder:"NAME"`
	Name string `arg:"" help:"The project's name."`
}

// Run shows the project.
func (c *projectShowCmd) Run(ctx context.Context, s *streams) error {
	server, p, err := findProject(ctx, &c.target, c.Name)
	if err != nil {
		return err
	}
	if c.File == "" {
		for _, part := range p.parts() {
			fmt.Fprintf(s.out, "%-22s %s\n", part.what, part.id)
		}
		return nil
	}
	for _, f := range p.settings(server) {
		if f.name == c.File {
			text, err := f.text()
			if err == nil {
				_, err = fmt.Fprintln(s.out, text)
			}
			return err
		}
	}
	return fmt.Errorf("there is no settings file %s. There is amplify_outputs.json, aws-exports.js, amplifyconfiguration.json and awsconfiguration.json", c.File)
}

// findProject finds all parts of a project that exists.
func findProject(ctx context.Context, t *target, name string) (*client, project, error) {
	if err := checkProjectName(name); err != nil {
		return nil, project{}, err
	}
	server, err := t.connect()
	if err != nil {
		return nil, project{}, err
	}
	m := &projectMaker{client: server, project: newProject(name, server.Account), plan: true, out: io.Discard}
	if err := m.make(ctx); err != nil {
		return nil, project{}, err
	}
	if m.found == 0 {
		return nil, project{}, fmt.Errorf("there is no project %s. Make it with: pintail project create %s", name, name)
	}
	return server, m.project, nil
}

type projectDeleteCmd struct {
	target
	Yes  bool   `help:"Do it; without this flag it is only said what would go."`
	Name string `arg:"" help:"The project's name."`
}

// Run deletes the project.
func (c *projectDeleteCmd) Run(ctx context.Context, s *streams) error {
	server, p, err := findProject(ctx, &c.target, c.Name)
	if err != nil {
		return err
	}
	if !c.Yes {
		fmt.Fprintf(s.out, "This deletes, with the users and everything recorded of them:\n")
		for _, part := range p.parts() {
			fmt.Fprintf(s.out, "  %-22s %s\n", part.what, part.id)
		}
		return fmt.Errorf("nothing was deleted. Say so with --yes")
	}
	if err := server.deleteProject(ctx, p); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "The project %s is gone.\n", c.Name)
	return err
}
